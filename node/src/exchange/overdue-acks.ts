/**
 * Whether receipts are acknowledged in time (security.md B8: `ack_missing` after 30 s is evidence). For results that were
 * handed out with their receipt; of those that wait for the acknowledgement `HeldResults` tells. In memory: what was open
 * when the process ended is found by whoever verifies the logs.
 */
import type { Clock, Did } from '@hansa/protocols'
import type { RecordEvidence } from '../kernel/peer-evidence.ts'
import { DEFAULT_HELD } from './held-results.ts'

/** Receipts that are watched at once; of more that nobody has acknowledged the oldest are let go, unjudged. */
const MAX_WATCHED = 100_000
/** Room that is made at a time. */
const ROOM = MAX_WATCHED / 10

export type OverdueAcksInit = {
  clock: Clock
  evidence: RecordEvidence
  isOpen(callId: string, peer: Did): boolean
}

type Watched = { peer: Did; callId: string; dueMs: number }

export class OverdueAcks {
  readonly #init: OverdueAcksInit
  /** In the order of their receipts. */
  #watched: Watched[] = []

  constructor(init: OverdueAcksInit) {
    this.#init = init
  }

  watch(peer: Did, callId: string): void {
    if (this.#watched.length >= MAX_WATCHED) this.#makeRoom()
    this.#watched.push({ peer, callId, dueMs: this.#init.clock.now() + DEFAULT_HELD.ackDueMs })
  }

  /** Records what is overdue now: one entry for each peer, so that a peer cannot fill the log by keeping silent. */
  tick(): void {
    const now = this.#init.clock.now()
    const end = this.#watched.findIndex(({ dueMs }) => dueMs > now)
    const due = this.#watched.splice(0, end < 0 ? this.#watched.length : end)
    const missing = Map.groupBy(this.#open(due), ({ peer }) => peer)
    for (const [peer, calls] of missing) {
      const receipts = calls.length === 1 ? 'a receipt was' : `${calls.length} receipts were`
      const reason = `${receipts} not acknowledged within 30 seconds`
      this.#init.evidence(peer, 'ack_missing', reason, calls[0]?.callId ?? '', { count: calls.length })
    }
  }

  /** What was acknowledged has waited for its time only: under load that is nearly all. */
  #makeRoom(): void {
    const open = this.#open(this.#watched)
    this.#watched = open.length > MAX_WATCHED - ROOM ? open.slice(ROOM) : open
  }

  #open(watched: readonly Watched[]): Watched[] {
    return watched.filter(({ callId, peer }) => this.#init.isOpen(callId, peer))
  }
}

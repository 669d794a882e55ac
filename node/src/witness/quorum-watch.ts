/**
 * Since when entries of the own log wait for a quorum of witnesses. After ten minutes the log is degraded: what this
 * kernel does is then known to nobody else, so it reads on, and changes nothing unless its operator said so
 * (security.md B8, docs/decisions/0027).
 */
import type { Clock, EventLogger } from '@hansa/protocols'
import type { Ledger } from '@hansa/trust/ledger'
import type { Permitted, Received, Refusal } from '../kernel/stages.ts'

/** How long entries may wait for a quorum, milliseconds. */
export const DEGRADED_AFTER_MS = 600_000

export type QuorumWatchComponents = {
  ledger: Pick<Ledger, 'size' | 'head' | 'read' | 'cosigned'>
  clock: Clock
  logger: EventLogger
}

export class QuorumWatch {
  readonly #c: QuorumWatchComponents
  readonly #startedMs: number
  /** The first entry that no quorum covers, and when it was written. */
  #uncovered: { seq: number; sinceMs: number } | undefined
  #told = false

  constructor(components: QuorumWatchComponents) {
    this.#c = components
    this.#startedMs = components.clock.now()
  }

  /** Looks at the log; says once when it becomes degraded, and once when it no longer is. */
  async look(): Promise<void> {
    const { ledger, logger } = this.#c
    const covered = ledger.cosigned.last?.head.size ?? 0
    if (ledger.head().size <= covered) this.#uncovered = undefined
    else if (this.#uncovered?.seq !== covered)
      this.#uncovered = { seq: covered, sinceMs: await this.#writtenAt(covered) }
    const degraded = this.degraded
    if (degraded && !this.#told)
      logger.error('witness.degraded', { entries: ledger.size - covered, minutes: DEGRADED_AFTER_MS / 60_000 })
    if (!degraded && this.#told) logger.info('witness.quorum', { entries: covered })
    this.#told = degraded
  }

  get degraded(): boolean {
    const since = this.sinceMs
    return since !== undefined && this.#c.clock.now() - since > DEGRADED_AFTER_MS
  }

  /** Unix milliseconds from which entries wait for a quorum; undefined when none does. */
  get sinceMs(): number | undefined {
    return this.#uncovered?.sinceMs
  }

  /** No earlier than the start: a node that was stopped could not ask anybody. */
  async #writtenAt(seq: number): Promise<number> {
    for await (const { entry } of this.#c.ledger.read(seq, seq + 1)) return Math.max(entry.t_ms, this.#startedMs)
    return this.#c.clock.now()
  }
}

type PolicyStage = (call: Received) => Promise<Permitted | Refusal>

/** A kernel whose log is degraded begins nothing that changes something. */
export function refuseUnwitnessed(policy: PolicyStage, watch: Pick<QuorumWatch, 'degraded'> | undefined): PolicyStage {
  if (watch === undefined) return policy
  return async (call) => {
    if (call.target.safety === 'READ' || !watch.degraded) return policy(call)
    const minutes = DEGRADED_AFTER_MS / 60_000
    const reason = `the log has had no quorum of witnesses for more than ${minutes} minutes, and ${call.target.safety} needs one (witnessing.without_quorum)`
    return { refused: 'policy_denied', reason }
  }
}

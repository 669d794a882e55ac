/**
 * Tells other kernels what this one revokes, at once, and again after a while where that failed; and asks each that is
 * connected once a minute. One that is away catches up with its next handshake.
 */
import { randomInt } from 'node:crypto'
import type { Clock, Did, EventLogger } from '@hansa/protocols'
import { faultFields } from '../kernel/fault-fields.ts'
import { periodic } from '../kernel/periodic.ts'
import type { StatusBook } from './status-book.ts'
import type { StatusExchange } from './status-exchange.ts'

/** A kernel with which something is open, and where it is reached. */
export type Connected = { peer: Did; endpoint: string }

/** Milliseconds between two looks, and the age of a status from which on it is asked for again, seconds. */
const PERIOD_MS = 60_000
const RENEW_SECONDS = 45
/** First and longest wait after a failure, milliseconds. */
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000

export type Told = { peer: Did /** Why it does not know yet. */; reason?: string }

export type RevocationPushComponents = {
  clock: Clock
  logger: EventLogger
  exchange: Pick<StatusExchange, 'sync'>
  known: Pick<StatusBook, 'of' | 'holds'>
  /** Number of the newest public revocation of this kernel. */
  newest(): number
  connected(): readonly Connected[]
  /** The same, and kernels whose place an operator has pinned. */
  reachable(): readonly Connected[]
}

export class RevocationPush {
  readonly #c: RevocationPushComponents
  readonly #waits = new Map<Did, { failures: number; cancel(): void }>()
  readonly #stop: () => void
  #closed = false

  constructor(components: RevocationPushComponents) {
    this.#c = components
    const { clock, logger } = components
    this.#stop = periodic(
      clock,
      PERIOD_MS,
      () => this.#look(),
      (error) => logger.error('revocations.push_failed', faultFields(error)),
    )
  }

  /** Tells every kernel that is reachable. Resolves when each has answered, or could not be reached. */
  push(): Promise<Told[]> {
    return Promise.all(this.#c.reachable().map((one) => this.#tell(one)))
  }

  close(): void {
    this.#closed = true
    this.#stop()
    for (const { cancel } of this.#waits.values()) cancel()
    this.#waits.clear()
  }

  async #look(): Promise<void> {
    const now = Math.floor(this.#c.clock.now() / 1000)
    const { connected, known } = this.#c
    const old = connected().filter(({ peer }) => now - (known.of(peer)?.asOf ?? 0) >= RENEW_SECONDS)
    await Promise.all(old.map((one) => this.#tell(one)))
  }

  async #tell({ peer, endpoint }: Connected): Promise<Told> {
    this.#waits.get(peer)?.cancel()
    const reason = await this.#c.exchange.sync(peer, endpoint)
    if (reason === undefined) {
      this.#waits.delete(peer)
      return { peer }
    }
    this.#again({ peer, endpoint }, reason)
    return { peer, reason }
  }

  #again(connected: Connected, reason: string): void {
    const { clock, logger, known, newest } = this.#c
    const { peer } = connected
    if (this.#closed || (known.holds(peer) ?? 0) >= newest()) return
    const failures = (this.#waits.get(peer)?.failures ?? 0) + 1
    if (failures === 1) logger.warn('revocations.not_told', { peer, reason })
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1))
    const cancel = clock.after(wait / 2 + randomInt(wait / 2), () => {
      // Gone meanwhile: it is told with its next handshake.
      const still = this.#c.reachable().find((one) => one.peer === peer)
      if (still === undefined) this.#waits.delete(peer)
      else this.#tell(still).catch(() => {})
    })
    this.#waits.set(peer, { failures, cancel })
  }
}

import type { Clock } from '@hansa/protocols'

/** The first time that a turn is lost, and the longest, milliseconds. */
const FIRST_MS = 60_000
const LONGEST_MS = 3_600_000
/** How many are remembered, the oldest first to go. */
const MAX_REMEMBERED = 10_000

/** Who has sent what nobody who checks it would have sent, and is not listened to for a while: twice as long each time. */
export class TurnsLost {
  readonly #clock: Clock
  readonly #of = new Map<string, { untilMs: number; lastedMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(who: string): boolean {
    return (this.#of.get(who)?.untilMs ?? 0) > this.#clock.now()
  }

  /** @returns milliseconds for which the turn is lost. */
  lose(who: string): number {
    const before = this.#of.get(who)
    const now = this.#clock.now()
    // Whoever has behaved for an hour since begins anew.
    const again = before !== undefined && now < before.untilMs + LONGEST_MS
    const lastedMs = again ? Math.min(LONGEST_MS, before.lastedMs * 2) : FIRST_MS
    this.#of.delete(who)
    this.#of.set(who, { untilMs: now + lastedMs, lastedMs })
    for (const oldest of this.#of.keys()) {
      if (this.#of.size <= MAX_REMEMBERED) break
      this.#of.delete(oldest)
    }
    return lastedMs
  }
}

/**
 * Whether one peer may be bothered now.
 *
 *   closed -failures-> open -a look finds it-> half_open -an exchange goes well-> closed
 *                       ^                          |
 *                       +------- one failure ------+
 *
 * Nothing is sent while it is open: the looks are made beside the calls, so that no caller pays for one. Pure: time comes
 * in, and whoever holds it makes the looks.
 */
import type { BreakerSettings } from './breaker-settings.ts'
import { OutcomeWindow } from './outcome-window.ts'

export type BreakerState = 'closed' | 'open' | 'half_open'

export class CircuitBreaker {
  readonly #settings: BreakerSettings
  readonly #window: OutcomeWindow
  #state: BreakerState = 'closed'
  #inARow = 0
  /** Times that it opened or was looked at in vain since it was closed. */
  #vain = 0

  constructor(settings: BreakerSettings) {
    this.#settings = settings
    this.#window = new OutcomeWindow(settings.windowMs)
  }

  get state(): BreakerState {
    return this.#state
  }

  /** Milliseconds from the last failure to the next look. */
  get pauseMs(): number {
    const { firstProbeMs, maxProbeMs } = this.#settings
    return Math.min(maxProbeMs, firstProbeMs * 2 ** Math.min(30, Math.max(0, this.#vain - 1)))
  }

  /** An exchange went well. One that began before it opened proves nothing about now. @returns whether it closed. */
  good(nowMs: number): boolean {
    if (this.#state === 'open') return false
    this.#inARow = 0
    this.#window.add('good', nowMs)
    if (this.#state === 'closed') return false
    this.#state = 'closed'
    this.#vain = 0
    return true
  }

  /** An exchange failed. @returns why it opened, if it did by this one. */
  bad(nowMs: number): string | undefined {
    if (this.#state === 'open') return undefined
    this.#inARow += 1
    this.#window.add('bad', nowMs)
    const why = this.#state === 'half_open' ? 'the first exchange after it was found again failed' : this.#tooBad(nowMs)
    if (why === undefined) return undefined
    this.#state = 'open'
    this.#vain += 1
    this.#window.clear()
    this.#inARow = 0
    return why
  }

  /** What a look found while it was open. */
  looked(found: boolean): void {
    if (this.#state !== 'open') return
    if (found) this.#state = 'half_open'
    else this.#vain += 1
  }

  #tooBad(nowMs: number): string | undefined {
    const { failureShare, minExchanges, windowMs, failuresInARow } = this.#settings
    if (this.#inARow >= failuresInARow) return `${this.#inARow} exchanges in a row failed`
    const { good, bad } = this.#window.counts(nowMs)
    if (good + bad < minExchanges || bad < failureShare * (good + bad)) return undefined
    return `${bad} of ${good + bad} exchanges within ${Math.round(windowMs / 1000)} s failed`
  }
}

/**
 * How long a connection is not read from, because too much of what came over it was refused (security.md B13). A refusal
 * takes one of few that it has and gets back slowly. With none left it waits, and each further refusal doubles the wait.
 * Pure: time comes in.
 */
export type PatienceSettings = {
  /** Refusals that cost nothing. */
  refusals: number
  /** How many of them come back in a second. */
  perSecond: number
  /** The first wait and the longest one, milliseconds. */
  firstMs: number
  longestMs: number
}

export class Patience {
  readonly #settings: PatienceSettings
  #left: number
  #atMs: number
  #nextMs: number
  #isSpent = false

  constructor(settings: PatienceSettings, nowMs: number) {
    this.#settings = settings
    this.#left = settings.refusals
    this.#atMs = nowMs
    this.#nextMs = settings.firstMs
  }

  /** Something was refused. @param cost in refusals @returns milliseconds to wait before more is read; 0 for none */
  refused(nowMs: number, cost = 1): number {
    this.#regain(nowMs)
    if (this.#left >= cost) {
      this.#left -= cost
      return 0
    }
    this.#isSpent = true
    const waitMs = this.#nextMs
    this.#nextMs = Math.min(2 * waitMs, this.#settings.longestMs)
    return waitMs
  }

  /** Whether it has run out, and not got back all of it since. */
  isSpent(nowMs: number): boolean {
    this.#regain(nowMs)
    return this.#isSpent
  }

  #regain(nowMs: number): void {
    const { refusals, perSecond, firstMs } = this.#settings
    const passedMs = Math.max(0, nowMs - this.#atMs)
    this.#atMs = nowMs
    this.#left = Math.min(refusals, this.#left + (passedMs * perSecond) / 1000)
    if (this.#left < refusals) return
    this.#nextMs = firstMs
    this.#isSpent = false
  }
}

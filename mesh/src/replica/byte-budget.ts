import type { Clock } from '@hansa/protocols'

/** Sources that are counted apart; the one that has been quiet the longest is forgotten, with a full allowance. */
const MAX_SOURCES = 10_000

export type ByteBudgetInit = {
  /** What one source may take in a minute. */
  perSource: number
  /** What all of them may take in a minute. */
  total: number
}

/** Bytes that are given out: each source has an allowance that fills up over a minute, and all of them one together. */
export class ByteBudget {
  readonly #clock: Clock
  readonly #init: ByteBudgetInit
  readonly #left = new Map<string, { bytes: number; atMs: number }>()

  constructor(clock: Clock, init: ByteBudgetInit) {
    this.#clock = clock
    this.#init = init
  }

  /** Whether there is anything left: what is given then may be the last and go beyond it. */
  has(source: string): boolean {
    return this.#of(source, this.#init.perSource) > 0 && this.#of('*', this.#init.total) > 0
  }

  spend(source: string, bytes: number): void {
    this.#take(source, this.#init.perSource, bytes)
    this.#take('*', this.#init.total, bytes)
  }

  #of(source: string, perMinute: number): number {
    const known = this.#left.get(source)
    if (known === undefined) return perMinute
    const filled = ((this.#clock.now() - known.atMs) / 60_000) * perMinute
    return Math.min(perMinute, known.bytes + Math.max(0, filled))
  }

  #take(source: string, perMinute: number, bytes: number): void {
    const left = this.#of(source, perMinute) - bytes
    this.#left.delete(source)
    this.#left.set(source, { bytes: left, atMs: this.#clock.now() })
    for (const oldest of this.#left.keys()) {
      if (this.#left.size <= MAX_SOURCES) break
      if (oldest !== '*') this.#left.delete(oldest)
    }
  }
}

import type { Clock } from '@hansa/protocols'
import { LRUCache } from 'lru-cache'

/** Keys that were said; the one that was said longest ago is forgotten. */
const MAX_KEYS = 4_096
/** Milliseconds between two times that the same is said. */
const EVERY_MS = 600_000

/** What is worth a line of the log once in ten minutes, however often it happens. */
export class Seldom {
  readonly #clock: Clock
  readonly #saidMs = new LRUCache<string, number>({ max: MAX_KEYS })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns whether it is to be said; then it counts as said */
  isDue(key: string): boolean {
    const now = this.#clock.now()
    const saidMs = this.#saidMs.get(key)
    if (saidMs !== undefined && now - saidMs < EVERY_MS) return false
    this.#saidMs.set(key, now)
    return true
  }
}

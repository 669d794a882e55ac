import type { Clock, ReplicaItem } from '@hansa/protocols'

/** Milliseconds for which something that was not taken is not fetched again. */
const DECLINED_MS = 600_000
const MAX_DECLINED = 100_000

/** Records that were fetched and not taken, or named and not delivered. */
export class Declined {
  readonly #clock: Clock
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(item: ReplicaItem): boolean {
    return (this.#until.get(nameOf(item)) ?? 0) > this.#clock.now()
  }

  add(item: ReplicaItem): void {
    const name = nameOf(item)
    this.#until.delete(name)
    this.#until.set(name, this.#clock.now() + DECLINED_MS)
    for (const oldest of this.#until.keys()) {
      if (this.#until.size <= MAX_DECLINED) break
      this.#until.delete(oldest)
    }
  }
}

function nameOf({ did, kind, seq, hash }: ReplicaItem): string {
  return `${did} ${kind} ${seq} ${hash}`
}

/** Says which lists of a caller have changed: looked at once a second while anybody wants to know. */
import type { Clock } from '@hansa/protocols'
import type { Calling } from './calling.ts'
import type { Listed, Listing } from './listing.ts'
import type { OpenListings } from './open-listings.ts'

/** Milliseconds between two looks. */
export const LOOK_EVERY_MS = 1_000

export type ListName = keyof Listing
export const listNames = ['tools', 'prompts', 'resources'] as const satisfies readonly ListName[]

type Watcher = { calling: Calling; seen: Listing; changed(list: ListName): void }

export type ListingWatchComponents = {
  listings: OpenListings
  clock: Clock
  failed(error: unknown): void
}

export class ListingWatch {
  readonly #c: ListingWatchComponents
  readonly #watchers = new Set<Watcher>()
  #stamp: string | undefined
  #cancel: (() => void) | undefined

  constructor(components: ListingWatchComponents) {
    this.#c = components
  }

  /** @returns ends it */
  async watch(calling: Calling, changed: (list: ListName) => void): Promise<() => void> {
    const watcher = { calling, changed, seen: await this.#c.listings.of(calling) }
    this.#watchers.add(watcher)
    this.#schedule()
    return () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size > 0) return
      this.#cancel?.()
      this.#cancel = undefined
      this.#stamp = undefined
    }
  }

  #schedule(): void {
    this.#cancel ??= this.#c.clock.after(LOOK_EVERY_MS, () => {
      this.#cancel = undefined
      this.#look()
        .catch((error: unknown) => this.#c.failed(error))
        .finally(() => {
          if (this.#watchers.size > 0) this.#schedule()
        })
    })
  }

  async #look(): Promise<void> {
    const stamp = await this.#c.listings.stamp()
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    for (const watcher of [...this.#watchers]) {
      const now = await this.#c.listings.of(watcher.calling)
      const before = watcher.seen
      watcher.seen = now
      for (const list of listNames) if (!same(before[list], now[list])) watcher.changed(list)
    }
  }
}

function same(before: ReadonlyMap<string, Listed>, now: ReadonlyMap<string, Listed>): boolean {
  if (before.size !== now.size) return false
  return [...now].every(([name, { info }]) => before.get(name)?.info.hash === info.hash)
}

/**
 * Whom a kernel tells and asks: a few of all that it knows of. Those that an operator named stay; the rest are picked at
 * random from what is known and replaced when they do not answer, so that a mesh holds together when any of its members
 * go, the one through which it began included (HyParView's active view; what is known is its passive view).
 */
import type { Did } from '@hansa/protocols'
import type { Neighbour } from '../replica/ask-replica.ts'

/** Besides the named ones. Five of ten thousand keep a random graph in one piece (ln n / 2, and one to spare). */
export const ACTIVE_NEIGHBOURS = 5
/** Answers in a row that a neighbour may owe before another takes its place. */
const MAX_MISSED = 2
/**
 * Seconds in which one that was given up is not picked again, unless nobody else is left. No more than that: after a
 * partition everybody on the other side has been given up.
 */
const AVOID_SECONDS = 5
/** Given up and remembered. */
const MAX_AVOIDED = 1_000

export type Place = Neighbour & { name?: string | undefined }

export type ActiveNeighbour = Place & {
  named: boolean
  /** When it last answered, Unix seconds. */
  heard?: number
  /** Why it did not the last time. */
  fault?: string
}

type Kept = ActiveNeighbour & { missed: number }

export type ActiveViewInit = {
  /** Those that an operator named, as they are now. */
  named(): readonly Place[]
  /** Everybody that could be picked, as known now: without this kernel itself and without whom it shuts out. Asked only while somebody is lacking. */
  known(): Iterable<Place>
  /** One of those. */
  find(did: Did): Place | undefined
  nowSeconds(): number
  /** From 0 to 1, without 1. */
  random(): number
  /** @default ACTIVE_NEIGHBOURS */
  size?: number
}

export class ActiveView {
  readonly #init: ActiveViewInit
  readonly #kept = new Map<Did, Kept>()
  /** Until when. */
  readonly #avoided = new Map<Did, number>()

  constructor(init: ActiveViewInit) {
    this.#init = init
  }

  /** Filled up from what is known now. Named ones first. */
  neighbours(): ActiveNeighbour[] {
    this.#refresh()
    return [...this.#kept.values()].map(({ missed: _missed, ...shown }) => shown)
  }

  heard(did: Did): void {
    const kept = this.#kept.get(did)
    this.#avoided.delete(did)
    if (kept === undefined) return
    const { fault: _fault, ...rest } = kept
    this.#kept.set(did, { ...rest, missed: 0, heard: this.#init.nowSeconds() })
  }

  /** It did not answer, or not as it should. */
  missed(did: Did, fault: string): void {
    const kept = this.#kept.get(did)
    if (kept === undefined) return
    const missed = kept.missed + 1
    if (kept.named || missed < MAX_MISSED) {
      this.#kept.set(did, { ...kept, missed, fault })
      return
    }
    this.#kept.delete(did)
    this.#avoid(did)
  }

  #avoid(did: Did): void {
    this.#avoided.delete(did)
    this.#avoided.set(did, this.#init.nowSeconds() + AVOID_SECONDS)
    const [oldest] = this.#avoided.keys()
    if (oldest !== undefined && this.#avoided.size > MAX_AVOIDED) this.#avoided.delete(oldest)
  }

  #refresh(): void {
    const named = new Map(this.#init.named().map((place) => [place.did, place]))
    for (const [did, kept] of this.#kept) {
      const place = named.get(did) ?? this.#init.find(did)
      if (place === undefined) this.#kept.delete(did)
      else this.#kept.set(did, { ...kept, ...place, named: named.has(did) })
    }
    for (const place of named.values())
      if (!this.#kept.has(place.did)) this.#kept.set(place.did, { ...place, named: true, missed: 0 })
    this.#pick()
  }

  #pick(): void {
    const size = this.#init.size ?? ACTIVE_NEIGHBOURS
    const picked = [...this.#kept.values()].filter(({ named }) => !named).length
    if (picked >= size) return
    const others = [...this.#init.known()].filter(({ did }) => !this.#kept.has(did))
    const now = this.#init.nowSeconds()
    const fresh = others.filter(({ did }) => (this.#avoided.get(did) ?? 0) <= now)
    const from = fresh.length > 0 || picked > 0 ? fresh : others
    for (let free = size - picked; free > 0 && from.length > 0; free--) {
      const [place] = from.splice(Math.floor(this.#init.random() * from.length), 1)
      if (place !== undefined) this.#kept.set(place.did, { ...place, named: false, missed: 0 })
    }
  }
}

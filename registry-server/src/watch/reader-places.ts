/**
 * Who may follow the log at a time. When all places are taken, a reader who has had one for a while gives it up to the
 * next: it goes on from its cursor later and misses nothing, so that more kernels than there are places all hear of every
 * change, if not at once. The place is taken from whoever has most, so many connections of one address drive out nobody.
 *
 * Who reads all that is listed has no cursor yet and would begin anew, again and again where that takes longer than a turn.
 * Such readers are spared for a while: one of each source, and no more than hold half of the places.
 */
import type { Clock } from '@hansa/protocols'

export type ReaderPlacesInit = {
  clock: Pick<Clock, 'now'>
  maxReaders: number
  /** Of one source. */
  maxPerSource: number
  /** What a reader has a place for at least, milliseconds. */
  turnMs: number
}

export type ReaderPlace = {
  /** Aborted when somebody else has the place now. */
  signal: AbortSignal
  /** It reads all that is listed, until it has caught up; that spares it once. */
  reads(): void
  caughtUp(): void
  /** Gives it back. */
  leave(): void
}

/** Turns for which a reader may take all that is listed: ten thousand manifests, verified one by one. */
const READING_TURNS = 10

type Held = { source: string; sinceMs: number; ending: AbortController; sparedUntilMs?: number }

export class ReaderPlaces {
  readonly #init: ReaderPlacesInit
  /** In the order in which they were taken. */
  readonly #held = new Set<Held>()
  readonly #perSource = new Map<string, number>()

  constructor(init: ReaderPlacesInit) {
    this.#init = init
  }

  get taken(): number {
    return this.#held.size
  }

  /** @param source whom it counts for. @returns undefined when nobody whose place it could be has had his turn. */
  take(source: string): ReaderPlace | undefined {
    const { clock, maxReaders, maxPerSource } = this.#init
    const own = this.#countOf(source)
    if (own >= maxPerSource || this.#held.size >= maxReaders) {
      const longest = this.#longestOf(this.#whoGivesUp(source, own))
      if (longest === undefined) return undefined
      this.#leave(longest)
      longest.ending.abort()
    }
    const held: Held = { source, sinceMs: clock.now(), ending: new AbortController() }
    this.#held.add(held)
    this.#perSource.set(source, this.#countOf(source) + 1)
    return this.#placeOf(held)
  }

  #placeOf(held: Held): ReaderPlace {
    return {
      signal: held.ending.signal,
      reads: () => {
        held.sparedUntilMs ??= held.sinceMs + READING_TURNS * this.#init.turnMs
      },
      caughtUp: () => {
        held.sparedUntilMs = 0
      },
      leave: () => this.#leave(held),
    }
  }

  /** @returns whether a source is one of those that have most; the one who asks, when nobody has more than it. */
  #whoGivesUp(source: string, own: number): (other: string) => boolean {
    const most = own >= this.#init.maxPerSource ? own : Math.max(...this.#perSource.values())
    return own >= most ? (other) => other === source : (other) => this.#countOf(other) === most
  }

  #longestOf(givesUp: (source: string) => boolean): Held | undefined {
    const { clock, turnMs, maxReaders } = this.#init
    const nowMs = clock.now()
    const spared = new Set<string>()
    for (const held of this.#held) {
      if (nowMs - held.sinceMs < turnMs) continue
      const isReading = nowMs < (held.sparedUntilMs ?? 0) && !spared.has(held.source)
      if (isReading && spared.size < Math.floor(maxReaders / 2)) spared.add(held.source)
      else if (givesUp(held.source)) return held
    }
    return undefined
  }

  #leave(held: Held): void {
    if (!this.#held.delete(held)) return
    const left = this.#countOf(held.source) - 1
    if (left === 0) this.#perSource.delete(held.source)
    else this.#perSource.set(held.source, left)
  }

  #countOf(source: string): number {
    return this.#perSource.get(source) ?? 0
  }
}

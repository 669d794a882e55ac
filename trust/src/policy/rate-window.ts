/**
 * Counts calls per key in a sliding window, and never admits more than the limit in any window of that length.
 *
 * Time is cut into slices, 60 to a window, and a key keeps one count per slice. A call at `now` is admitted when the
 * slice of `now` and the 60 before it hold fewer than the limit. Those 61 slices cover everything that happened less
 * than one window ago, so no window that ends with an admitted call can hold more. The price is that a call counts for
 * up to a sixtieth of the window longer than the rule says, never shorter.
 *
 * Pure: time comes in. The ledger is the memory that survives a restart: replaying its entries with `record` gives the
 * counts back. When the clock steps back, every key keeps its counts and goes on counting from the new time.
 */
import type { Safety, UnixMs } from '@hansa/protocols'

/**
 * Calls per 60 s and (principal, capability) where no rule and no capability says otherwise. A person or agent reads
 * once a second at a stretch, writes every few seconds, and destroys rarely enough to be looked at.
 */
export const DEFAULT_CALLS_PER_MINUTE: Readonly<Record<Safety, number>> = { READ: 60, WRITE: 10, DESTRUCTIVE: 2 }

/** Slices per window: the window is at most a sixtieth longer than stated. */
const SLICES = 60
const COUNTS = SLICES + 1

/** Keys that are counted at a time, about 500 bytes each. When all of them are live, a new key is refused. */
export const DEFAULT_MAX_RATE_KEYS = 100_000

export type RateLimit = {
  /** Names what is counted: rule or capability, and the proven principal. */
  key: string
  calls: number
  perSeconds: number
}

export type RateVerdict = { ok: true } | { ok: false; key: string; reason: 'limit_reached' | 'too_many_keys' }

type Counter = {
  readonly counts: Uint32Array
  total: number
  /** The newest slice that the counts reach to. */
  head: number
  /** The newest slice in which something was counted. */
  last: number
}

/** What `RateWindow` holds, as JSON: by length of the window its keys, each with its slices that are not empty. */
export type RateState = [
  seconds: number,
  keys: [key: string, head: number, last: number, counts: [at: number, count: number][]][],
][]

/** Holds the counts. One instance per kernel. */
export class RateWindow {
  readonly #maxKeys: number
  /** By length of the window, in seconds; each map is ordered by the last slice in which a key was counted. */
  readonly #windows = new Map<number, Map<string, Counter>>()
  #keys = 0

  /** @param init.maxKeys @default DEFAULT_MAX_RATE_KEYS */
  constructor(init: { maxKeys?: number } = {}) {
    this.#maxKeys = init.maxKeys ?? DEFAULT_MAX_RATE_KEYS
  }

  /** How many keys are held. */
  get size(): number {
    return this.#keys
  }

  /** Counts the call and returns true, or counts nothing and returns false. */
  admit(key: string, limit: number, windowSeconds: number, nowMs: UnixMs): boolean {
    return this.admitAll([{ key, calls: limit, perSeconds: windowSeconds }], nowMs).ok
  }

  /** Counts one call against every limit, or against none when one of them is reached. */
  admitAll(limits: readonly RateLimit[], nowMs: UnixMs): RateVerdict {
    let newKeys = 0
    for (const { key, calls, perSeconds } of limits) {
      const counter = this.#find(key, perSeconds)
      if (counter === undefined) newKeys++
      else moveTo(counter, sliceOf(nowMs, perSeconds))
      if ((counter?.total ?? 0) >= calls) return { ok: false, key, reason: 'limit_reached' }
    }
    const [first] = limits
    if (first !== undefined && newKeys > 0 && !this.#hasRoom(newKeys, nowMs)) {
      return { ok: false, key: first.key, reason: 'too_many_keys' }
    }
    for (const { key, perSeconds } of limits) this.#count(key, perSeconds, sliceOf(nowMs, perSeconds))
    return { ok: true }
  }

  /** Whether `admitAll` would refuse for this limit alone; counts nothing. */
  reached({ key, calls, perSeconds }: RateLimit, nowMs: UnixMs): boolean {
    const counter = this.#find(key, perSeconds)
    if (counter !== undefined) moveTo(counter, sliceOf(nowMs, perSeconds))
    return (counter?.total ?? 0) >= calls
  }

  /**
   * Counts a call that was admitted before, such as one read back from the ledger. Any order of times will do.
   * Nothing is refused: the bound on keys may be exceeded by what the ledger holds.
   */
  record(key: string, windowSeconds: number, atMs: UnixMs): void {
    const slice = sliceOf(atMs, windowSeconds)
    const counter = this.#find(key, windowSeconds)
    if (counter === undefined || slice >= counter.head) this.#count(key, windowSeconds, slice)
    else if (slice >= counter.head - SLICES) add(counter, slice)
  }

  /** What counts at a time, to go on from later with `restore`. */
  state(nowMs: UnixMs): RateState {
    return [...this.#windows].map(([seconds, window]) => {
      const oldest = sliceOf(nowMs, seconds) - SLICES
      const live = [...window].filter(([, { last }]) => last >= oldest)
      return [
        seconds,
        live.map(([key, { head, last, counts }]) => [key, head, last, [...counts.entries()].filter(isCounted)]),
      ]
    })
  }

  /** Takes the place of everything that was counted. */
  restore(state: RateState): void {
    this.#windows.clear()
    this.#keys = 0
    for (const [seconds, keys] of state) {
      const window = new Map<string, Counter>()
      for (const [key, head, last, counted] of keys) {
        const counts = new Uint32Array(COUNTS)
        for (const [at, count] of counted) counts[at] = count
        window.set(key, { counts, total: counts.reduce((sum, count) => sum + count, 0), head, last })
      }
      this.#windows.set(seconds, window)
      this.#keys += window.size
    }
  }

  #find(key: string, windowSeconds: number): Counter | undefined {
    return this.#windows.get(windowSeconds)?.get(key)
  }

  /** Counts at a slice that is not before the head of the key. */
  #count(key: string, windowSeconds: number, slice: number): void {
    let window = this.#windows.get(windowSeconds)
    if (window === undefined) {
      window = new Map()
      this.#windows.set(windowSeconds, window)
    }
    let counter = window.get(key)
    if (counter === undefined) {
      counter = { counts: new Uint32Array(COUNTS), total: 0, head: slice, last: slice }
      this.#keys++
      window.set(key, counter)
    } else if (counter.last !== slice) {
      // Now it is the key that runs out last.
      window.delete(key)
      window.set(key, counter)
    }
    moveTo(counter, slice)
    add(counter, slice)
  }

  /** Forgets keys whose window has passed, oldest first, when that is needed for so many new ones. */
  #hasRoom(newKeys: number, nowMs: UnixMs): boolean {
    if (this.#keys + newKeys <= this.#maxKeys) return true
    for (const [seconds, window] of this.#windows) {
      const oldest = sliceOf(nowMs, seconds) - SLICES
      for (const [key, counter] of window) {
        if (counter.last >= oldest) break
        window.delete(key)
        this.#keys--
      }
      if (window.size === 0) this.#windows.delete(seconds)
    }
    return this.#keys + newKeys <= this.#maxKeys
  }
}

function sliceOf(ms: UnixMs, windowSeconds: number): number {
  // (ms / 1000) / (windowSeconds / 60), in one division of integers so that no rounding moves a boundary.
  return Math.floor((ms * 3) / (windowSeconds * 50))
}

function isCounted([, count]: [at: number, count: number]): boolean {
  return count > 0
}

function add(counter: Counter, slice: number): void {
  const at = slice % COUNTS
  counter.counts[at] = (counter.counts[at] ?? 0) + 1
  counter.total++
  if (slice > counter.last) counter.last = slice
}

/** Makes `slice` the newest one, and lets go of those that are more than a window older. */
function moveTo(counter: Counter, slice: number): void {
  if (slice < counter.head) {
    stepBack(counter, slice)
    return
  }
  const passed = Math.min(slice - counter.head, COUNTS)
  for (let step = 1; step <= passed; step++) {
    const at = (counter.head + step) % COUNTS
    counter.total -= counter.counts[at] ?? 0
    counter.counts[at] = 0
  }
  counter.head = slice
}

/** The clock went back: the counts keep their age, counted from the new time. */
function stepBack(counter: Counter, slice: number): void {
  const old = counter.counts.slice()
  for (let age = 0; age < COUNTS; age++) {
    counter.counts[modulo(slice - age)] = old[modulo(counter.head - age)] ?? 0
  }
  counter.last -= counter.head - slice
  counter.head = slice
}

function modulo(slice: number): number {
  return ((slice % COUNTS) + COUNTS) % COUNTS
}

/**
 * A peer that has refused so many calls that it looks at none of this kernel's for the moment is sent none for a moment:
 * each would slow down the session that all of them share. Then each principal may try once, so that no agent can spoil the
 * try of another one, and the first answer to a try that shows that the peer looks at calls again ends it.
 */
import type { Clock, Did } from '@hansa/protocols'
import { LRUCache } from 'lru-cache'
import type { Arrived, ImportedTarget, Refusal } from '../kernel/stages.ts'

/** The first one and the longest, milliseconds; at least a second, because what is asked is dated in seconds. */
const FIRST_MS = 1_000
const LONGEST_MS = 8_000
/** A peer that was asked nothing for a minute has forgotten what it refused, milliseconds. */
const OVER_AFTER_MS = 61_000
/** Milliseconds for which it is remembered that a peer bears little. */
const BEARS_LITTLE_MS = 3_600_000
/** Peers that are remembered; the one that was asked for longest ago is forgotten. */
const MAX_PEERS = 1_024
/** Principals whose tries are remembered at one peer. */
const MAX_TRYING = 256

type HoldOff = {
  waitMs: number
  sinceMs: number
  isOver: boolean
  /** When each principal tried, Unix milliseconds. */
  tries: LRUCache<string, number>
}

export class HoldOffs {
  readonly #clock: Clock
  readonly #of = new LRUCache<Did, HoldOff>({ max: MAX_PEERS })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns why nothing is sent to the peer now. */
  refusal(target: ImportedTarget): Refusal | undefined {
    const holdOff = this.#current(target.peer)
    return holdOff !== undefined && this.#isWithin(holdOff.sinceMs, holdOff.waitMs) ? refusalOf(target) : undefined
  }

  /** The same, and after that each principal may try once, and again when nothing was answered in as long. */
  refusalOfTry({ caller: { principal } }: Arrived, target: ImportedTarget): Refusal | undefined {
    const holdOff = this.#current(target.peer)
    if (holdOff === undefined) return undefined
    const { sinceMs, waitMs, tries } = holdOff
    if (this.#isWithin(sinceMs, waitMs) || this.#isWithin(tries.get(principal), waitMs)) return refusalOf(target)
    tries.set(principal, this.#clock.now())
    return undefined
  }

  /** The peer has not looked at a call. @param askedAt when the intent was made, Unix seconds */
  turnedAway(peer: Did, askedAt: number): void {
    const before = this.#of.get(peer)
    // Asked before it was known.
    if (before !== undefined && this.#isWithin(before.sinceMs, OVER_AFTER_MS) && askedAt * 1000 <= before.sinceMs)
      return
    const current = this.#current(peer)
    const waitMs = current === undefined ? FIRST_MS : Math.min(2 * current.waitMs, LONGEST_MS)
    const tries = new LRUCache<string, number>({ max: MAX_TRYING })
    this.#of.set(peer, { waitMs, sinceMs: this.#clock.now(), isOver: false, tries })
  }

  /** The peer has looked at a call. @param askedAt when the intent was made, Unix seconds */
  answered(peer: Did, askedAt: number): void {
    const holdOff = this.#current(peer)
    if (holdOff !== undefined && askedAt * 1000 > holdOff.sinceMs) holdOff.isOver = true
  }

  /** Whether calls were turned away there within an hour. */
  bearsLittle(peer: Did): boolean {
    return this.#isWithin(this.#of.get(peer)?.sinceMs, BEARS_LITTLE_MS)
  }

  #current(peer: Did): HoldOff | undefined {
    const holdOff = this.#of.get(peer)
    return holdOff?.isOver === false && this.#isWithin(holdOff.sinceMs, OVER_AFTER_MS) ? holdOff : undefined
  }

  /** A clock that was set back ends what waits for it. */
  #isWithin(sinceMs: number | undefined, ms: number): boolean {
    const passedMs = sinceMs === undefined ? ms : this.#clock.now() - sinceMs
    return passedMs >= 0 && passedMs < ms
  }
}

function refusalOf({ alias, peer }: ImportedTarget): Refusal {
  const reason = `${alias} has refused so many calls of this node that it looks at none for the moment`
  return { refused: 'rate_limited', reason, cutOff: peer }
}

/**
 * Places for calls that run at the same time: per principal and capability, per peer each way, and altogether, of which
 * peers never take all (security.md B13). A call that finds no place is refused as `busy` at once; nothing queues here.
 */
import type { Did } from '@hansa/protocols'

export type InFlightLimits = {
  /** Calls of one peer at the same time, and calls to one peer. @default 64 */
  perPeer: number
  /** Calls of one principal to one capability at the same time, where the capability does not say. @default 8 */
  perPrincipal: number
  /** Calls of everybody. @default 1_024 */
  all: number
  /** Part of all places that only this kernel's own principals take, 0 to 1. @default 0.25 */
  reserved: number
}

export const DEFAULT_IN_FLIGHT: InFlightLimits = { perPeer: 64, perPrincipal: 8, all: 1_024, reserved: 0.25 }

/** What a call takes a place of. */
export type Place = {
  principal: string
  capability: string
  /** The peer whose call it is. */
  from?: Did | undefined
  /** The peer that it goes to. */
  to?: Did | undefined
  /** Calls of one principal at the same time, as the capability says. */
  concurrent?: number | undefined
}

export class InFlight {
  readonly #limits: InFlightLimits
  readonly #taken = new Map<string, number>()
  #all = 0
  #ofPeers = 0

  constructor(limits: Partial<InFlightLimits> = {}) {
    this.#limits = { ...DEFAULT_IN_FLIGHT, ...limits }
  }

  /** @returns why there is none; undefined when the place is taken now. */
  enter(place: Place): string | undefined {
    const refusal = this.#refusal(place)
    if (refusal === undefined) this.#change(place, 1)
    return refusal
  }

  leave(place: Place): void {
    this.#change(place, -1)
  }

  /** Calls running now. */
  get size(): number {
    return this.#all
  }

  #refusal({ principal, capability, from, to, concurrent }: Place): string | undefined {
    const { perPeer, perPrincipal, all, reserved } = this.#limits
    const each = concurrent ?? perPrincipal
    if (this.#count(ofPrincipal(principal, capability)) >= each)
      return `${principal} has ${each} calls of ${capability} under way`
    const ofOne = Math.max(perPeer, concurrent ?? 0)
    if (from !== undefined && this.#count(`from ${from}`) >= ofOne) return `${from} has ${ofOne} calls under way here`
    if (to !== undefined && this.#count(`to ${to}`) >= ofOne) return `${ofOne} calls to ${to} are under way`
    if (this.#all >= all) return `${all} calls are under way`
    const ofPeers = Math.floor(all * (1 - reserved))
    if (from !== undefined && this.#ofPeers >= ofPeers) return `${ofPeers} calls of peers are under way`
    return undefined
  }

  #change({ principal, capability, from, to }: Place, by: 1 | -1): void {
    this.#all += by
    if (from !== undefined) this.#ofPeers += by
    this.#take(ofPrincipal(principal, capability), by)
    if (from !== undefined) this.#take(`from ${from}`, by)
    if (to !== undefined) this.#take(`to ${to}`, by)
  }

  #count(key: string): number {
    return this.#taken.get(key) ?? 0
  }

  #take(key: string, by: number): void {
    const count = this.#count(key) + by
    if (count <= 0) this.#taken.delete(key)
    else this.#taken.set(key, count)
  }
}

function ofPrincipal(principal: string, capability: string): string {
  return `of ${principal}\n${capability}`
}

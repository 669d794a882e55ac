/**
 * Places for calls that run at the same time: per peer, and per principal and capability (security.md B13). A call that
 * finds no place is refused as `busy` at once; nothing queues here.
 */
export type InFlightLimits = {
  /** Calls of one peer at the same time. @default 64 */
  perPeer: number
  /** Calls of one principal to one capability at the same time, where the capability does not say. @default 8 */
  perPrincipal: number
}

export const DEFAULT_IN_FLIGHT: InFlightLimits = { perPeer: 64, perPrincipal: 8 }

export class InFlight {
  readonly #limits: InFlightLimits
  readonly #taken = new Map<string, number>()

  constructor(limits: InFlightLimits = DEFAULT_IN_FLIGHT) {
    this.#limits = limits
  }

  /** @param peer undefined for a call of this kernel's own. */
  enter(principal: string, capability: string, peer: string | undefined, concurrent: number | undefined): boolean {
    const own = place(principal, capability)
    if ((this.#taken.get(own) ?? 0) >= (concurrent ?? this.#limits.perPrincipal)) return false
    if (peer !== undefined && (this.#taken.get(peer) ?? 0) >= Math.max(this.#limits.perPeer, concurrent ?? 0))
      return false
    this.#take(own, 1)
    if (peer !== undefined) this.#take(peer, 1)
    return true
  }

  leave(principal: string, capability: string, peer: string | undefined): void {
    this.#take(place(principal, capability), -1)
    if (peer !== undefined) this.#take(peer, -1)
  }

  /** Calls running now. */
  get size(): number {
    let sum = 0
    for (const [key, count] of this.#taken) if (key.includes('\n')) sum += count
    return sum
  }

  #take(key: string, by: number): void {
    const count = (this.#taken.get(key) ?? 0) + by
    if (count <= 0) this.#taken.delete(key)
    else this.#taken.set(key, count)
  }
}

function place(principal: string, capability: string): string {
  return `${principal}\n${capability}`
}

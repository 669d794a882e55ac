/** What is told of where calls go: how the peers are that serve them. */
import type { PeerInfo } from '@hansa/protocols'
import type { PeerGuard } from './peer-guard.ts'

export type RoutingDeskComponents = { guard: Pick<PeerGuard, 'of' | 'cutOff'> }

export class RoutingDesk {
  readonly #c: RoutingDeskComponents

  constructor(components: RoutingDeskComponents) {
    this.#c = components
  }

  /** Peers that are cut off now. */
  get cutOff(): number {
    return this.#c.guard.cutOff
  }

  /** The same, with who is cut off and why. */
  beside(peers: readonly PeerInfo[]): PeerInfo[] {
    return peers.map((peer) => {
      const trouble = this.#c.guard.of(peer.did)
      if (trouble === undefined) return peer
      const { state, sinceMs, reason } = trouble
      return { ...peer, link: { state, since: Math.floor(sinceMs / 1000), reason } }
    })
  }
}

/** What is told of where calls go: who serves what, and how the peers are that serve it. */
import type { ImportedCapability } from '@hansa/mesh'
import type { CapabilityHealth, CapabilityRef, PeerInfo, Route } from '@hansa/protocols'
import type { HealthBook } from './health-book.ts'
import type { PeerGuard } from './peer-guard.ts'
import type { Router, RouteSource } from './router.ts'

export type RoutingDeskComponents = {
  guard: Pick<PeerGuard, 'of' | 'cutOff'>
  health: Pick<HealthBook, 'of'>
  router: Pick<Router, 'route' | 'lookIn'>
  imported(): readonly ImportedCapability[]
}

export type HealthCounts = Record<CapabilityHealth['state'], number>

/** What an operator may ask. */
export interface RoutingOperations {
  route(capability: CapabilityRef): Promise<Route>
}

export class RoutingDesk implements RoutingOperations {
  readonly #c: RoutingDeskComponents

  constructor(components: RoutingDeskComponents) {
    this.#c = components
  }

  /** Peers that are cut off now. */
  get cutOff(): number {
    return this.#c.guard.cutOff
  }

  /** Imported capabilities that may be called, by what has been shown of them. */
  get health(): HealthCounts {
    return this.#counts(this.#c.imported())
  }

  /** Who could serve a capability, in the order in which a call would ask, and why. */
  route(capability: CapabilityRef): Promise<Route> {
    return this.#c.router.route(capability)
  }

  /** Providers are looked for there as well, to be named: only what is imported is called. */
  lookIn(source: RouteSource): void {
    this.#c.router.lookIn(source)
  }

  /** The same, with who is cut off and why, and how what they serve is. */
  beside(peers: readonly PeerInfo[]): PeerInfo[] {
    const imported = this.#c.imported()
    return peers.map((info) => {
      const trouble = this.#c.guard.of(info.did)
      const own = imported.filter(({ peer, ref }) => peer === info.did && ref.startsWith(`${info.alias}/`))
      return {
        ...info,
        health: this.#counts(own),
        ...(trouble === undefined
          ? {}
          : { link: { state: trouble.state, since: Math.floor(trouble.sinceMs / 1000), reason: trouble.reason } }),
      }
    })
  }

  #counts(capabilities: readonly ImportedCapability[]): HealthCounts {
    const counts: HealthCounts = { healthy: 0, failing: 0, unknown: 0 }
    for (const { peer, hash } of capabilities) counts[this.#c.health.of({ peer, hash }).state] += 1
    return counts
  }
}

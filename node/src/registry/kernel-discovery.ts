import { type DiscoverPeersComponents, discoverPeers } from '@hansa/mesh'
import { type DhtDiscoveryComponents, withDht } from '../host/dht-discovery.ts'
import { rankedDiscovery } from '../standing/ranked.ts'
import type { KernelRegistries } from './kernel-registries.ts'

export type KernelDiscoveryComponents = Omit<DiscoverPeersComponents, 'registries'> & {
  registries: KernelRegistries
  standing: Parameters<typeof rankedDiscovery>[1]
  /** The libp2p host. @default none */
  dht?: DhtDiscoveryComponents | undefined
}

/** Asks whom it is told to ask, no registry that was caught, at last the DHT, and puts first who stands higher. */
export function kernelDiscovery({ registries, standing, dht, ...components }: KernelDiscoveryComponents) {
  const discover = discoverPeers({ ...components, registries: registries.memory })
  return rankedDiscovery(withDht(discover, dht), standing)
}

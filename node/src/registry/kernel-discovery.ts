import { type DiscoverPeersComponents, discoverPeers } from '@hansa/mesh'
import { rankedDiscovery } from '../standing/ranked.ts'
import type { KernelRegistries } from './kernel-registries.ts'

export type KernelDiscoveryComponents = Omit<DiscoverPeersComponents, 'registries'> & {
  registries: KernelRegistries
  standing: Parameters<typeof rankedDiscovery>[1]
}

/** Asks whom it is told to ask, no registry that was caught, and puts first who stands higher. */
export function kernelDiscovery({ registries, standing, ...components }: KernelDiscoveryComponents) {
  return rankedDiscovery(discoverPeers({ ...components, registries: registries.memory }), standing)
}

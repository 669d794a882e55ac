/** Opens a libp2p host. Nothing of libp2p is loaded before. */
import type { HostComponents, HostInit } from './host-init.ts'
import type { MeshHost } from './mesh-host.ts'

/** @throws Error when it cannot listen, or an address of the configuration cannot be read. */
export async function openHost(init: HostInit, components: HostComponents): Promise<MeshHost> {
  const { RunningHost } = await import('./running-host.ts')
  return RunningHost.open(init, components)
}

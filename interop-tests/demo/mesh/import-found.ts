import type { CapabilityId, Did } from '@hansa/protocols'
import type { NodeProcess } from '../../harness/node-process.ts'

/** Imports every kernel that a node knows of and that offers this. @returns them, the best standing first. */
export async function importFound(node: NodeProcess, capability: CapabilityId): Promise<Did[]> {
  const { peers } = await node.client.discoverPeers({ capability })
  for (const { signed } of peers) await node.client.importRemote({ manifest: signed.jws })
  return peers.map(({ did }) => did)
}

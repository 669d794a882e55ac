/** Hosts of kernels in one process, on libp2p's memory transport or on loopback, at the time of the builders. */
import { randomBytes } from 'node:crypto'
import { LIBP2P_ENDPOINT_PROTO, type PointerRecord, silentLogger } from '@hansa/protocols'
import { didKeyResolver, type Signer, sha256, signPointer } from '@hansa/trust'
import { NOW } from '@hansa/trust/testing'
import type { HostComponents, HostInit } from '../host/host-init.ts'
import type { MeshHost } from '../host/mesh-host.ts'
import { openHost } from '../host/open-host.ts'
import { clockAtNow } from './test-kernel.ts'

export type TestHostInit = Partial<HostInit> & {
  /** What the kernel says of itself besides its hosts. @default number 1 and no endpoint but its addresses */
  pointer?: Partial<PointerRecord>
}

/** The signed record of a kernel, for an hour. */
export function testPointer(signer: Signer, over: Partial<PointerRecord> = {}) {
  return signPointer(signer, {
    v: 1,
    did: signer.did,
    seq: 1,
    manifest_hash: Buffer.from(sha256(`manifest of ${signer.did}`)).toString('base64url'),
    endpoints: [],
    peer_ids: [],
    iat: NOW,
    exp: NOW + 3_600,
    ...over,
  })
}

/** Listens at a memory address of its own unless `listen` says otherwise. */
export async function openTestHost(
  signer: Signer,
  { pointer = {}, ...init }: TestHostInit = {},
  over: Partial<HostComponents> = {},
): Promise<MeshHost> {
  let host: MeshHost | undefined
  const components: HostComponents = {
    clock: clockAtNow(),
    logger: silentLogger,
    resolver: didKeyResolver(),
    async pointer(peerIds) {
      const endpoints = (host?.addresses() ?? []).map((url) => ({ proto: LIBP2P_ENDPOINT_PROTO, url }))
      return testPointer(signer, { endpoints, peer_ids: [...peerIds], ...pointer })
    },
    ...over,
  }
  const listen = [`/memory/${randomBytes(8).toString('hex')}`]
  host = await openHost(
    { seed: randomBytes(32), listen, network: 'memory', relay: 'none', dht: 'off', ...init },
    components,
  )
  return host
}

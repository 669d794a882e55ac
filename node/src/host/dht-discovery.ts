/**
 * The DHT as the last channel of a discovery: a kernel that was asked for by its DID, and that nobody else names, is
 * looked for there. What is found is only where its manifest is; that is fetched and verified like every other, and has to
 * be no older than the record says.
 */
import type { FoundPointers } from '@hansa/mesh'
import { type Did, type DiscoverInit, type Discovery, HTTP_ENDPOINT_PROTO } from '@hansa/protocols'

type Discover = (init?: DiscoverInit) => Promise<Discovery>

export type DhtDiscoveryComponents = { find(did: Did): Promise<Pick<FoundPointers, 'best' | 'contradiction'>> }

/** @param dht undefined where there is no host: then nothing is added. */
export function withDht(discover: Discover, dht: DhtDiscoveryComponents | undefined): Discover {
  if (dht === undefined) return discover
  return async (init = {}) => {
    const found = await discover(init)
    const { did, peerUrls = [] } = init
    if (did === undefined || found.peers.length > 0 || peerUrls.length > 0) return found
    const { peers, faults } = await fromDht(discover, dht, did, init)
    return { peers, faults: [...found.faults, ...faults] }
  }
}

async function fromDht(
  discover: Discover,
  dht: DhtDiscoveryComponents,
  did: Did,
  { signal }: DiscoverInit,
): Promise<Discovery> {
  const { best, contradiction } = await dht.find(did)
  if (contradiction !== undefined) return nothing('descriptor_mismatch', `${did} has signed two records of one number`)
  if (best === undefined) return nothing('not_found', 'no host has a record of it that verifies')
  const { endpoints, seq } = best.pointer
  const url = endpoints.find(({ proto }) => proto === HTTP_ENDPOINT_PROTO)?.url
  if (url === undefined) return nothing('not_found', 'its record names no place where its manifest can be fetched')
  const { peers, faults } = await discover({ did, peerUrls: [url], ...(signal === undefined ? {} : { signal }) })
  const older = peers.find(({ signed }) => signed.manifest.seq < seq)
  if (older !== undefined)
    return nothing(
      'descriptor_mismatch',
      `${url} shows manifest ${older.signed.manifest.seq}, and its record says ${seq}`,
    )
  return { peers: peers.map((peer) => ({ ...peer, by: ['dht'] })), faults }
}

function nothing(code: 'not_found' | 'descriptor_mismatch', reason: string): Discovery {
  return { peers: [], faults: [{ source: 'dht', code, reason }] }
}

/** Kernels that were found, those first that may be trusted with most. */
import type { DiscoverInit, Discovery, PeerInfo } from '@hansa/protocols'
import type { Standing } from './standing.ts'

/** Where scores are equal, the order is that of the search. */
export function rankedDiscovery(
  discover: (init?: DiscoverInit) => Promise<Discovery>,
  standing: Standing,
): (init?: DiscoverInit) => Promise<Discovery> {
  return async (init) => {
    const { peers, ...rest } = await discover(init)
    return { ...rest, peers: ranked(peers.map((peer) => ({ ...peer, standing: standing.of(peer.did) }))) }
  }
}

export function withStanding(peers: readonly PeerInfo[], standing: Standing): PeerInfo[] {
  return peers.map((peer) => ({ ...peer, ...standing.of(peer.did) }))
}

function ranked<Found extends { standing: { score: number } }>(found: readonly Found[]): Found[] {
  return found.toSorted((a, b) => b.standing.score - a.standing.score)
}

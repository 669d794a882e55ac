/** Kernels with which something is open now, and where each is reached. */
import { httpEndpoint, type InboundSessions } from '@hansa/mesh'
import type { Did } from '@hansa/protocols'
import type { ImportDesk } from '../kernel/import-desk.ts'
import type { PeerSessions } from './peer-sessions.ts'

export type ConnectedPeersComponents = {
  sessions: Pick<InboundSessions, 'peers' | 'manifestOf'>
  peerSessions: Pick<PeerSessions, 'open'>
  imports: Pick<ImportDesk, 'endpointOf'>
  isKnown(peer: Did): boolean
}

/** Where a stranger says that it is reached, nobody here has agreed to send anything: it is told when it asks. */
export function connectedPeers({ sessions, peerSessions, imports, isKnown }: ConnectedPeersComponents) {
  const found = new Map(peerSessions.open().map(({ peer, endpoint }) => [peer, endpoint]))
  for (const peer of sessions.peers()) {
    if (found.has(peer) || !isKnown(peer)) continue
    const manifest = sessions.manifestOf(peer)?.manifest
    const endpoint = imports.endpointOf(peer) ?? (manifest && httpEndpoint(manifest))
    if (endpoint !== undefined) found.set(peer, endpoint)
  }
  return [...found].map(([peer, endpoint]) => ({ peer, endpoint }))
}

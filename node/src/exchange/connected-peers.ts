/** Kernels with which something is open now, and where each is reached. */
import { httpEndpoint, type InboundSessions } from '@hansa/mesh'
import type { Did } from '@hansa/protocols'
import type { ImportDesk } from '../kernel/import-desk.ts'
import type { Connected } from '../revocation/revocation-push.ts'
import type { PeerSessions } from './peer-sessions.ts'

export type ConnectedPeersComponents = {
  /** Asked for each time: they are made after this. */
  open(): { sessions: Pick<InboundSessions, 'peers' | 'manifestOf'>; peerSessions: Pick<PeerSessions, 'open'> }
  imports: Pick<ImportDesk, 'endpointOf' | 'endpoints'>
  isKnown(peer: Did): boolean
}

/** Whom a kernel tells something at once: `connected`, something is open; `reachable`, or an operator has pinned its place. */
export function peersInReach(components: ConnectedPeersComponents) {
  const connected = () => connectedPeers(components)
  const reachable = () => {
    const pinned = components.imports.endpoints().map(({ did, endpoint }): [Did, string] => [did, endpoint])
    const found = new Map([...pinned, ...connected().map(({ peer, endpoint }): [Did, string] => [peer, endpoint])])
    return [...found].map(([peer, endpoint]) => ({ peer, endpoint }))
  }
  return { connected, reachable }
}

/** Where a stranger says that it is reached, nobody here has agreed to send anything: it is told when it asks. */
function connectedPeers({ open, imports, isKnown }: ConnectedPeersComponents): Connected[] {
  const { sessions, peerSessions } = open()
  const found = new Map(peerSessions.open().map(({ peer, endpoint }) => [peer, endpoint]))
  for (const peer of sessions.peers()) {
    if (found.has(peer) || !isKnown(peer)) continue
    const manifest = sessions.manifestOf(peer)?.manifest
    const endpoint = imports.endpointOf(peer) ?? (manifest && httpEndpoint(manifest))
    if (endpoint !== undefined) found.set(peer, endpoint)
  }
  return [...found].map(([peer, endpoint]) => ({ peer, endpoint }))
}

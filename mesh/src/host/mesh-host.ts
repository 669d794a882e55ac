/** What a node sees of its libp2p host. No type of libp2p is in it. */
import type { Did } from '@hansa/protocols'
import type { SignedPointer } from '@hansa/trust'
import type { FoundPointers } from '../dht/pointer-directory.ts'
import type { Gossip } from '../gossip/gossip.ts'
import type { FramedChannel } from '../session/framed-channel.ts'

export type HostPeer = {
  peerId: string
  /** Whose host it is, as long as both have said so; undefined before that and when it does not verify. */
  did: Did | undefined
  /** Why it is nobody's host; undefined while it is not known. */
  refused: string | undefined
  direction: 'inbound' | 'outbound'
  /** Its multiaddr as this end sees it. */
  address: string
  /** Round trip of the last ping, milliseconds; undefined before the first. */
  latencyMs: number | undefined
  /** Over a relay, which bounds what passes. */
  relayed: boolean
  /** Unix milliseconds. */
  since: number
}

export type LanHost = { peerId: string; signed: SignedPointer }

export type HostPeerChange = { kind: 'connected' | 'identified' | 'refused' | 'disconnected'; peer: HostPeer }

export interface MeshHost extends AsyncDisposable {
  readonly peerId: string
  /** Own multiaddrs, with the PeerId, as others can dial them. */
  addresses(): string[]
  /**
   * Connects and waits until it is known whose host is there.
   * @param target a kernel, which is looked up in the DHT unless its host is connected, or a multiaddr
   * @throws MeshError `unreachable`, also when another kernel's host answers.
   */
  dial(target: Did | string): Promise<HostPeer>
  peers(): HostPeer[]
  /** Whose host has this PeerId, as far as it has been met. */
  didOf(peerId: string): Did | undefined
  /** Told of each change after it. @returns ends it. */
  onPeer(told: (change: HostPeerChange) => void): () => void
  /** A channel for framed sessions. @throws MeshError `unreachable` */
  openChannel(address: string): Promise<FramedChannel>
  /** Takes the channels that others open. Without a taker they are refused. @returns ends it. */
  onChannel(take: (channel: FramedChannel) => void): () => void
  readonly gossip: Gossip
  /** Pointer records that the DHT holds of a kernel. Without a DHT nothing is found. */
  findInDht(did: Did): Promise<FoundPointers>
  /** The own pointer record, as it is shown to others now. */
  pointer(): Promise<SignedPointer>
  /** Hosts of a kernel that were heard of on the LAN and are connected, with the record that each shows now. */
  shownOnLan(did: Did): Promise<LanHost[]>
  /** Leaves the own pointer record in the DHT. @returns how many hosts took it. */
  announce(): Promise<number>
}

import type { Clock, Did, EventLogger } from '@hansa/protocols'
import type { KeyResolver, SignedPointer } from '@hansa/trust'
import type { AllowPrivate } from '../fetch/address.ts'
import type { ResolveHost } from '../fetch/guarded-connector.ts'

/** What a host keeps of the DHT: nothing, only its own records by asking others, or a part for everybody. */
export type DhtMode = 'off' | 'client' | 'server'
/** Whether a host keeps a place at a relay while it cannot be reached, is a relay, or neither. */
export type RelayMode = 'none' | 'client' | 'server'

export type HostInit = {
  /** Seed of the key of the host, 32 bytes; another key than the kernel's. */
  seed: Uint8Array
  /** Multiaddrs, such as `/ip4/0.0.0.0/tcp/7401` and `/ip4/0.0.0.0/tcp/7402/ws`. @default none: it only dials */
  listen?: readonly string[]
  /** Multiaddrs that others are told instead of those that it listens at. @default what it listens at */
  announce?: readonly string[]
  /** Multiaddrs with a PeerId that it stays connected to. @default none */
  bootstrap?: readonly string[]
  /** Whether hosts on the same LAN find each other. @default false */
  mdns?: boolean
  /** @default 'client' */
  relay?: RelayMode
  /** @default 'client' */
  dht?: DhtMode
  /** Addresses besides public ones that may be dialled. @default false */
  allowPrivate?: AllowPrivate
  /** `memory` connects hosts of one process. @default 'internet' */
  network?: 'internet' | 'memory'
}

export type HostComponents = {
  clock: Clock
  logger: EventLogger
  resolver: KeyResolver
  /** The kernel's own pointer record, which lists these PeerIds; asked for whenever it is shown. */
  pointer(peerIds: readonly string[]): Promise<SignedPointer>
  /** Of a kernel, 0 to 1000. @default nobody has any */
  standingOf?(did: Did): number | undefined
  /** @default the system's resolver */
  resolve?: ResolveHost
}

/**
 * The libp2p of a host: which modules, with which bounds. The only file that imports `libp2p` and its modules, and it is loaded
 * only by a node that has a host. Protocols that carry a prefix carry ours: a host of another network finds nothing to talk about.
 */
import { noise } from '@chainsafe/libp2p-noise'
import { autoNAT } from '@libp2p/autonat'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { dcutr } from '@libp2p/dcutr'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { type Identify, identify, identifyPush } from '@libp2p/identify'
import { type ConnectionGater, contentRoutingSymbol, type Libp2p, peerRoutingSymbol } from '@libp2p/interface'
import { type KadDHT, kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { memory } from '@libp2p/memory'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type ServiceFactoryMap } from 'libp2p'
import { POINTER_NAMESPACE, type PointerRules } from '../dht/pointer-rules.ts'
import { gossipTopics } from '../gossip/gossip.ts'
import { gossipScore } from '../gossip/gossip-score.ts'
import { MAX_GOSSIP_BYTES, SEEN_MS } from '../gossip/limits.ts'
import type { HostInit } from './host-init.ts'
import * as limits from './limits.ts'
import { tlsWebSockets } from './tls-web-sockets.ts'

const PREFIX = 'hansa'

export type HostServices = {
  identify: Identify
  ping: Ping
  pubsub: GossipSub
  dht?: KadDHT
}
export type HostLibp2p = Libp2p<HostServices>

export type Libp2pNodeInit = HostInit & {
  gater: ConnectionGater
  rules: PointerRules
  standingOf(peerId: string): number | undefined
  /** A host on the same LAN has said that it is there. */
  onLan(peerId: string): void
}

/** Made and not started. */
export async function libp2pNode(init: Libp2pNodeInit): Promise<HostLibp2p> {
  const { listen = [], announce = [], network = 'internet', relay = 'client' } = init
  const overMemory = network === 'memory'
  const reserve = relay === 'client' ? ['/p2p-circuit'] : []
  const services: ServiceFactoryMap<HostServices> = servicesOf(init)
  return createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed('Ed25519', init.seed),
    nodeInfo: { name: 'hansa', userAgent: 'hansa' },
    addresses: { listen: [...listen, ...reserve], announce: [...announce] },
    transports: [...(overMemory ? [memory()] : [tcp(), tlsWebSockets(), webSockets()]), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: init.gater,
    connectionManager: connectionBounds(),
    connectionMonitor: {
      pingInterval: limits.PING_EVERY_MS,
      pingTimeout: { minTimeout: limits.PING_MIN_MS, maxTimeout: limits.PING_MAX_MS },
      protocolPrefix: PREFIX,
    },
    peerDiscovery: init.mdns === true ? [lanDiscovery(init)] : [],
    services,
  })
}

function lanDiscovery({ onLan }: Libp2pNodeInit) {
  const make = mdns({ serviceTag: '_hansa._udp.local', interval: limits.MDNS_EVERY_MS })
  return (components: Parameters<typeof make>[0]) => {
    const made = make(components)
    made.addEventListener('peer', ({ detail }) => onLan(detail.id.toString()))
    return made
  }
}

function connectionBounds() {
  return {
    maxConnections: limits.MAX_CONNECTIONS,
    maxParallelDials: limits.MAX_PARALLEL_DIALS,
    maxPeerAddrsToDial: limits.MAX_ADDRESSES_PER_HOST,
    inboundConnectionThreshold: limits.MAX_INBOUND_PER_SECOND,
    maxIncomingPendingConnections: limits.MAX_PENDING_INBOUND,
    addressDialTimeout: limits.ADDRESS_DIAL_MS,
    dialTimeout: limits.DIAL_MS,
    inboundUpgradeTimeout: limits.INBOUND_UPGRADE_MS,
    outboundStreamProtocolNegotiationTimeout: limits.NEGOTIATION_MS,
    inboundStreamProtocolNegotiationTimeout: limits.NEGOTIATION_MS,
  }
}

function servicesOf(init: Libp2pNodeInit): ServiceFactoryMap<HostServices> {
  const { relay = 'client', dht = 'client', network = 'internet' } = init
  return {
    identify: identify({ protocolPrefix: PREFIX }),
    identifyPush: identifyPush({ protocolPrefix: PREFIX }),
    ping: ping({ protocolPrefix: PREFIX, runOnLimitedConnection: true }),
    pubsub: pubsubOf(init),
    ...(network === 'internet' ? { autoNAT: autoNAT({ protocolPrefix: PREFIX }), dcutr: dcutr() } : {}),
    ...(relay === 'server' ? { relay: circuitRelayServer({ reservations: reservations() }) } : {}),
    ...(dht === 'off' ? {} : { dht: dhtOf(init) }),
  } as ServiceFactoryMap<HostServices>
}

function pubsubOf({ standingOf }: Libp2pNodeInit) {
  const topics = Object.values(gossipTopics)
  return gossipsub({
    globalSignaturePolicy: 'StrictSign',
    allowedTopics: [...topics],
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    floodPublish: true,
    emitSelf: false,
    doPX: false,
    runOnLimitedConnection: true,
    maxInboundDataLength: MAX_GOSSIP_BYTES,
    seenTTL: SEEN_MS,
    ...gossipScore(topics, standingOf),
  })
}

function reservations() {
  return {
    maxReservations: limits.RELAY_RESERVATIONS,
    defaultDurationLimit: limits.RELAY_CONNECTION_MS,
    defaultDataLimit: limits.RELAY_CONNECTION_BYTES,
  }
}

/**
 * Server mode is switched on by whoever starts the host: by itself libp2p does so for public addresses only. The DHT is asked
 * for records and is no routing of libp2p's: with one, whoever looks for a relay or for its own address walks the DHT at random
 * without a pause, and in a small one, or an empty one that may be asked, nothing else gets its turn.
 */
function dhtOf({ rules, dht }: Libp2pNodeInit) {
  const make = kadDHT({
    protocol: `/${PREFIX}/kad/1.0.0`,
    clientMode: dht !== 'server',
    validators: { [POINTER_NAMESPACE]: (key, value) => rules.validate(key, value) },
    selectors: { [POINTER_NAMESPACE]: (key, values) => rules.select(key, values) },
    // Which addresses are taken and dialled is decided by the gater, for every way that they are heard of.
    peerInfoMapper: passthroughMapper,
  })
  return (components: Parameters<typeof make>[0]): KadDHT => {
    const made = make(components)
    for (const symbol of [peerRoutingSymbol, contentRoutingSymbol])
      Object.defineProperty(made, symbol, { value: undefined })
    return made
  }
}

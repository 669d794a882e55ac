/** A running host: its connections, who is at their other ends, and what goes over them. */
import { type Did, isDid, LIBP2P_ENDPOINT_PROTO, SESSION_STREAM_PROTOCOL } from '@hansa/protocols'
import { peerIdsBinding, type SignedPointer } from '@hansa/trust'
import type { Connection, ConnectionGater, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { libp2pDht } from '../dht/libp2p-dht.ts'
import { type FoundPointers, nothingFound, type PointerDirectory, pointerDirectory } from '../dht/pointer-directory.ts'
import { pointerRules } from '../dht/pointer-rules.ts'
import { MeshError } from '../errors.ts'
import { addressGuard } from '../fetch/address.ts'
import { systemResolve } from '../fetch/guarded-connector.ts'
import type { Gossip } from '../gossip/gossip.ts'
import { gossipsubGossip } from '../gossip/gossipsub-gossip.ts'
import type { FramedChannel } from '../session/framed-channel.ts'
import { withTimeLimit } from '../time-limit.ts'
import { bodyExchange, connectionTo } from './body-exchange.ts'
import { dialRefusal, peerIdIn } from './dial-rules.ts'
import { HostIdentities, type HostIdentityOutcome } from './host-identities.ts'
import type { HostComponents, HostInit } from './host-init.ts'
import { type HostLibp2p, libp2pNode } from './libp2p-node.ts'
import { BOOTSTRAP_AGAIN_MS, DIAL_MS, IDENTITY_MS, MAX_SESSION_STREAMS, WANTED_CONNECTIONS } from './limits.ts'
import type { HostPeer, HostPeerChange, LanHost, MeshHost } from './mesh-host.ts'
import { NearHosts } from './near-hosts.ts'
import { streamChannel } from './stream-channel.ts'
import { unreachable, type VettedAddressInit, vettedAddress } from './vetted-address.ts'

type Around = VettedAddressInit & { near: NearHosts }

/** Longest question to the DHT, milliseconds. */
const DHT_MS = 10_000

export class RunningHost implements MeshHost {
  readonly peerId: string
  readonly gossip: Gossip
  readonly #node: HostLibp2p
  readonly #init: HostInit
  readonly #components: HostComponents
  readonly #vetting: VettedAddressInit
  readonly #identities: HostIdentities
  readonly #directory: PointerDirectory | undefined
  readonly #told = new Set<(change: HostPeerChange) => void>()
  /** As they were when something last changed, for those that are told of the end. */
  readonly #seen = new Map<string, HostPeer>()
  #take: ((channel: FramedChannel) => void) | undefined
  /** Configured addresses that were said not to answer. */
  readonly #away = new Set<string>()
  /** PeerIds that were heard of on the LAN. */
  readonly #near: NearHosts
  #closed = false
  #servesDht = false
  #cancelBootstrap: () => void = () => {}

  private constructor(node: HostLibp2p, init: HostInit, components: HostComponents, { near, ...vetting }: Around) {
    this.#node = node
    this.#near = near
    this.#init = init
    this.#components = components
    this.#vetting = vetting
    this.peerId = node.peerId.toString()
    this.#identities = new HostIdentities(node, components, {
      seed: init.seed,
      told: (peerId, outcome) => this.#identified(peerId, outcome),
    })
    const bodies = bodyExchange(node, components.clock)
    const gossip = gossipsubGossip({ pubsub: node.services.pubsub, fetchBody: bodies.fetch })
    void bodies.serve((hash) => gossip.body(hash))
    this.gossip = gossip
    this.#directory = this.#openDirectory()
  }

  static async open(init: HostInit, components: HostComponents): Promise<RunningHost> {
    const memory = init.network === 'memory'
    const rules = { guard: addressGuard(init.allowPrivate ?? false), memory }
    const near = new NearHosts()
    const around = { ...rules, resolve: components.resolve ?? systemResolve, near }
    const seconds = () => Math.floor(components.clock.now() / 1000)
    let standingOf: (peerId: string) => number | undefined = () => undefined
    const node = await libp2pNode({
      ...init,
      gater: gaterOf(rules),
      rules: pointerRules({ now: seconds }),
      standingOf: (peerId) => standingOf(peerId),
      onLan: (peerId) => near.add(peerId),
    })
    const host = new RunningHost(node, init, components, around)
    standingOf = (peerId) => host.#standingOf(peerId)
    await host.#start()
    return host
  }

  async #start(): Promise<void> {
    const node = this.#node
    await node.handle(SESSION_STREAM_PROTOCOL, (stream, connection) => this.#opened(stream, connection), {
      maxInboundStreams: MAX_SESSION_STREAMS,
      runOnLimitedConnection: true,
    })
    node.addEventListener('connection:open', ({ detail }) => this.#tell('connected', detail.remotePeer.toString()))
    node.addEventListener('peer:disconnect', ({ detail }) => this.#disconnected(detail.toString()))
    node.addEventListener('peer:discovery', ({ detail }) => {
      if (node.getConnections().length < WANTED_CONNECTIONS) void node.dial(detail.id).catch(() => undefined)
    })
    await this.#identities.start()
    await node.start()
    this.#bootstrap()
  }

  addresses(): string[] {
    return this.#node.getMultiaddrs().map((address) => address.toString())
  }

  didOf(peerId: string): Did | undefined {
    const outcome = this.#identities.of(peerId)
    return outcome?.ok === true ? outcome.did : undefined
  }

  peers(): HostPeer[] {
    const peerIds = new Set(this.#node.getConnections().map(({ remotePeer }) => remotePeer.toString()))
    return [...peerIds].flatMap((peerId) => this.#peer(peerId) ?? [])
  }

  onPeer(told: (change: HostPeerChange) => void): () => void {
    this.#told.add(told)
    return () => this.#told.delete(told)
  }

  async dial(target: string): Promise<HostPeer> {
    if (!isDid(target)) return this.#dialAddress(target)
    const [connected] = this.#identities.hostsOf(target)
    const known = connected === undefined ? undefined : this.#peer(connected)
    if (known !== undefined) return known
    const { best, responders } = await this.findInDht(target)
    const addresses = (best?.pointer.endpoints ?? []).filter(({ proto }) => proto === LIBP2P_ENDPOINT_PROTO)
    let reason = best === undefined ? `none of ${responders} hosts knows where it is` : 'it has no address for libp2p'
    for (const { url } of addresses) {
      try {
        const peer = await this.#dialAddress(url)
        if (peer.did === target) return peer
        reason = `${url} is the host of ${peer.did ?? 'nobody'}`
      } catch (error) {
        reason = error instanceof Error ? error.message : 'it does not answer'
      }
    }
    throw unreachable(target, reason)
  }

  async openChannel(address: string): Promise<FramedChannel> {
    const connection = await this.#connect(address)
    try {
      const limit = { clock: this.#components.clock, limitMs: DIAL_MS, tooLate: new Error('it did not answer in time') }
      const stream = await withTimeLimit(limit, (signal) =>
        connection.newStream(SESSION_STREAM_PROTOCOL, {
          signal,
          runOnLimitedConnection: true,
          maxOutboundStreams: MAX_SESSION_STREAMS,
        }),
      )
      return this.#channel(stream, connection)
    } catch (error) {
      throw unreachable(address, error instanceof Error ? error.message : 'it opens no stream')
    }
  }

  onChannel(take: (channel: FramedChannel) => void): () => void {
    if (this.#take !== undefined) throw new RangeError('channels have a taker already')
    this.#take = take
    return () => {
      this.#take = undefined
    }
  }

  async findInDht(did: Did): Promise<FoundPointers> {
    const directory = this.#directory
    if (directory === undefined) return nothingFound
    return this.#within(DHT_MS, (signal) => directory.find(did, signal))
  }

  async shownOnLan(did: Did): Promise<LanHost[]> {
    const peerIds = this.#identities.hostsOf(did).filter((peerId) => this.#near.has(peerId))
    const shown = await Promise.all(peerIds.map((peerId) => this.#identities.askAgain(peerId)))
    return shown.flatMap((outcome, at): LanHost[] => {
      const peerId = peerIds[at]
      return outcome?.ok === true && outcome.did === did && peerId !== undefined
        ? [{ peerId, signed: outcome.signed }]
        : []
    })
  }

  pointer(): Promise<SignedPointer> {
    return this.#components.pointer([this.peerId])
  }

  async announce(): Promise<number> {
    const directory = this.#directory
    if (directory === undefined) return 0
    const signed = await this.pointer()
    return this.#within(DHT_MS, (signal) => directory.announce(signed, signal))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#cancelBootstrap()
    this.#identities.stop()
    await this.#node.stop()
  }

  #openDirectory(): PointerDirectory | undefined {
    const { dht } = this.#node.services
    if (dht === undefined) return undefined
    const addressOf = (peerId: string) => connectionTo(this.#node, peerId)?.remoteAddr.toString()
    const { resolver, clock } = this.#components
    return pointerDirectory({
      dht: libp2pDht({ dht, self: this.peerId, addressOf }),
      resolver,
      now: () => Math.floor(clock.now() / 1000),
    })
  }

  async #dialAddress(text: string): Promise<HostPeer> {
    const connection = await this.#connect(text)
    const peerId = connection.remotePeer.toString()
    await this.#untilIdentified(peerId)
    const peer = this.#peer(peerId)
    if (peer === undefined) throw unreachable(text, 'it closed the connection')
    return peer
  }

  async #connect(text: string): Promise<Connection> {
    const address = await vettedAddress(text, this.#vetting)
    const wanted = peerIdIn(address)
    const known = wanted === undefined ? undefined : connectionTo(this.#node, wanted)
    if (known !== undefined) return known
    try {
      return await this.#within(DIAL_MS, (signal) => this.#node.dial(address, { signal }))
    } catch (error) {
      throw unreachable(text, error instanceof Error ? error.message : 'it does not answer')
    }
  }

  /** Until it is known whose host it is, or the time for it is over. */
  async #untilIdentified(peerId: string): Promise<void> {
    if (this.#identities.of(peerId) !== undefined) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = this.onPeer(({ kind, peer }) => {
      if (peer.peerId === peerId && kind !== 'connected') resolve()
    })
    const cancel = this.#components.clock.after(IDENTITY_MS, resolve)
    await promise
    cancel()
    end()
  }

  #within<T>(limitMs: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const tooLate = new Error(`no answer within ${limitMs / 1000} s`)
    return withTimeLimit({ clock: this.#components.clock, limitMs, tooLate }, run)
  }

  #peer(peerId: string): HostPeer | undefined {
    const connection = connectionTo(this.#node, peerId)
    return connection && hostPeer(connection, this.#identities.of(peerId))
  }

  #identified(peerId: string, outcome: HostIdentityOutcome): void {
    if (outcome.ok) this.#serveDht()
    this.#tell(outcome.ok ? 'identified' : 'refused', peerId)
  }

  /** For others it keeps a part of the DHT only once it has met the host of a kernel (security.md B11). */
  #serveDht(): void {
    if (this.#init.dht !== 'server' || this.#servesDht) return
    this.#servesDht = true
    this.#node.services.dht?.setMode('server', { force: true }).catch(() => {
      this.#servesDht = false
    })
  }

  #tell(kind: HostPeerChange['kind'], peerId: string): void {
    const peer = this.#peer(peerId)
    if (peer === undefined) return
    this.#seen.set(peerId, peer)
    for (const told of this.#told) told({ kind, peer })
  }

  #disconnected(peerId: string): void {
    const peer = this.#seen.get(peerId)
    this.#seen.delete(peerId)
    if (peer !== undefined) for (const told of this.#told) told({ kind: 'disconnected', peer })
  }

  #opened(stream: Stream, connection: Connection): void {
    if (this.#take === undefined) stream.abort(new Error('nobody takes sessions here'))
    else this.#take(this.#channel(stream, connection))
  }

  #channel(stream: Stream, connection: Connection): FramedChannel {
    const other = connection.remotePeer.toString()
    const value = peerIdsBinding(this.peerId, other)
    return streamChannel(stream, {
      binding: { kind: 'peer-ids', value },
      source: sourceOf(connection.remoteAddr, other),
    })
  }

  #standingOf(peerId: string): number | undefined {
    const outcome = this.#identities.of(peerId)
    return outcome?.ok === true ? this.#components.standingOf?.(outcome.did) : undefined
  }

  #bootstrap(): void {
    for (const address of this.#init.bootstrap ?? []) void this.#keep(address)
    this.#cancelBootstrap = this.#components.clock.after(BOOTSTRAP_AGAIN_MS, () => this.#bootstrap())
  }

  async #keep(address: string): Promise<void> {
    try {
      await this.#connect(address)
      this.#away.delete(address)
    } catch (error) {
      if (this.#away.has(address) || this.#closed) return
      this.#away.add(address)
      const reason =
        error instanceof MeshError && error.detail.code === 'unreachable' ? error.detail.reason : String(error)
      this.#components.logger.warn('host.not_reached', { address, reason })
    }
  }
}

function gaterOf(rules: Parameters<typeof dialRefusal>[1]): ConnectionGater {
  return {
    denyDialMultiaddr: (address) => dialRefusal(address, rules) !== undefined,
    filterMultiaddrForPeer: (_, address) => dialRefusal(address, rules) === undefined,
  }
}

function hostPeer(connection: Connection, outcome: HostIdentityOutcome | undefined): HostPeer {
  const { remotePeer, remoteAddr, direction, rtt, limits, timeline } = connection
  return {
    peerId: remotePeer.toString(),
    did: outcome?.ok === true ? outcome.did : undefined,
    refused: outcome?.ok === false ? outcome.reason : undefined,
    direction,
    address: remoteAddr.toString(),
    latencyMs: rtt,
    relayed: limits !== undefined,
    since: timeline.open,
  }
}

/** Of an address without a number of its own, such as that of a relay, the host counts. */
function sourceOf(address: Multiaddr, peerId: string): string {
  const parts = address.getComponents()
  const relayed = parts.some(({ name }) => name === 'p2p-circuit')
  const ip = parts.find(({ name }) => name === 'ip4' || name === 'ip6')?.value
  return relayed || ip === undefined ? peerId : ip
}

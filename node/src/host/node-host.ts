/**
 * The libp2p host of a node. It is opened before the kernel, which needs its transport and its gossip, and says who it is as
 * soon as the kernel is there: whoever asks before waits.
 */
import {
  type AllowPrivate,
  type FoundPointers,
  type Gossip,
  type HostInit,
  type HostPeerChange,
  type MeshHost,
  openHost,
} from '@hansa/mesh'
import { type Clock, type Did, type Endpoint, type EventLogger, LIBP2P_ENDPOINT_PROTO } from '@hansa/protocols'
import type { KeyResolver, Signer } from '@hansa/trust'
import { OwnPointer, type OwnPointerComponents } from './own-pointer.ts'

/** As `mesh` of the configuration has them. */
export type HostSettings = Required<Pick<HostInit, 'listen' | 'announce' | 'bootstrap' | 'mdns' | 'relay' | 'dht'>>

export type NodeHostInit = HostSettings & { seed: Uint8Array; allowPrivate: AllowPrivate }
export type NodeHostComponents = { clock: Clock; logger: EventLogger }

/** What the host needs of the kernel whose host it is. */
export type HostedKernel = Pick<OwnPointerComponents, 'manifest'> & {
  signer: Signer
  resolver: KeyResolver
  /** 0 to 1000. */
  standingOf(did: Did): number | undefined
}

/** How often it is looked whether the record in the DHT is still what it should say, and how often it is left there anyway. */
const ANNOUNCE_CHECK_MS = 15_000
const ANNOUNCE_AGAIN_MS = 3_600_000

export class NodeHost implements AsyncDisposable {
  readonly host: MeshHost
  /** Since the start. */
  readonly dhtFigures = { asked: 0, found: 0, announced: 0 }
  readonly #components: NodeHostComponents
  readonly #kernel: Late
  #announced: { jws: string; atMs: number } | undefined
  #cancel: () => void = () => {}
  readonly #endTelling: () => void

  private constructor(host: MeshHost, components: NodeHostComponents, kernel: Late) {
    this.host = host
    this.#components = components
    this.#kernel = kernel
    this.#endTelling = host.onPeer((change) => this.#log(change))
    components.logger.info('host.started', { peer_id: host.peerId, addresses: host.addresses().join(' ') })
  }

  /** @throws Error when it cannot listen. */
  static async open(init: NodeHostInit, components: NodeHostComponents): Promise<NodeHost> {
    const { clock, logger } = components
    const kernel = new Late()
    let host: MeshHost | undefined
    const hostEndpoints = () => endpointsOf(host)
    host = await openHost(init, {
      clock,
      logger,
      resolver: {
        resolve: async (kid, purpose, at) => (await kernel.attached).resolver.resolve(kid, purpose, at),
      },
      pointer: async (peerIds) => kernel.pointer(await kernel.attached, { clock, hostEndpoints }).current(peerIds),
      standingOf: (did) => kernel.now?.standingOf(did),
    })
    return new NodeHost(host, components, kernel)
  }

  get gossip(): Gossip {
    return this.host.gossip
  }

  /** Where it can be dialled now, for the manifest. */
  endpoints(): Endpoint[] {
    return endpointsOf(this.host)
  }

  attach(kernel: HostedKernel): void {
    this.#kernel.attach(kernel)
    this.#announce()
  }

  /** Whose host has this PeerId, as far as it has been met. */
  didOf(peerId: string): Did | undefined {
    return this.host.didOf(peerId)
  }

  connections(): { inbound: number; outbound: number } {
    const peers = this.host.peers()
    const inbound = peers.filter(({ direction }) => direction === 'inbound').length
    return { inbound, outbound: peers.length - inbound }
  }

  /** What the DHT says of a kernel; that it contradicts itself is a line of the log. */
  async find(did: Did): Promise<FoundPointers> {
    this.dhtFigures.asked += 1
    const found = await this.host.findInDht(did)
    if (found.best !== undefined) this.dhtFigures.found += 1
    const [one, other] = found.contradiction ?? []
    if (one !== undefined && other !== undefined) {
      const reason = `it signed two manifests of number ${one.pointer.seq}: ${one.pointer.manifest_hash}, ${other.pointer.manifest_hash}`
      this.#components.logger.warn('host.contradiction', { peer: did, reason })
    }
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel()
    this.#endTelling()
    await this.host[Symbol.asyncDispose]()
  }

  #announce(): void {
    this.#cancel = this.#components.clock.after(ANNOUNCE_CHECK_MS, () => this.#announce())
    void this.#announceIfDue()
  }

  async #announceIfDue(): Promise<void> {
    const { clock } = this.#components
    if (this.host.peers().length === 0) return
    try {
      const { jws } = await this.host.pointer()
      const last = this.#announced
      if (last?.jws === jws && clock.now() < last.atMs + ANNOUNCE_AGAIN_MS) return
      if ((await this.host.announce()) > 0) {
        this.dhtFigures.announced += 1
        this.#announced = { jws, atMs: clock.now() }
      }
    } catch {
      // The next look is soon; what keeps a kernel from signing is told where it signs.
    }
  }

  #log({ kind, peer }: HostPeerChange): void {
    const { logger } = this.#components
    const { peerId: peer_id, did, refused, address } = peer
    if (kind === 'identified' && did !== undefined)
      logger.debug('host.peer_identified', { peer: did, peer_id, address })
    if (kind === 'refused') logger.info('host.peer_refused', { peer_id, address, reason: refused ?? 'unknown' })
  }
}

/** The kernel, from when it is there. */
class Late {
  readonly attached: Promise<HostedKernel>
  now: HostedKernel | undefined
  #pointer: OwnPointer | undefined
  #settle: (kernel: HostedKernel) => void = () => {}

  constructor() {
    this.attached = new Promise((settle) => {
      this.#settle = settle
    })
  }

  attach(kernel: HostedKernel): void {
    this.now = kernel
    this.#settle(kernel)
  }

  pointer(kernel: HostedKernel, rest: Pick<OwnPointerComponents, 'clock' | 'hostEndpoints'>): OwnPointer {
    this.#pointer ??= new OwnPointer({ ...rest, signer: kernel.signer, manifest: () => kernel.manifest() })
    return this.#pointer
  }
}

function endpointsOf(host: MeshHost | undefined): Endpoint[] {
  return (host?.addresses() ?? []).map((url) => ({ proto: LIBP2P_ENDPOINT_PROTO, url }))
}

/**
 * One channel for each peer whose manifest names a way to open one, and single requests to the others, and whenever no
 * channel can be opened. It authenticates nobody, as every transport: the handshake does, bound to the channel.
 *
 * A channel is opened for a handshake, and what belongs to the session that it opens goes over this channel only. When
 * the channel ends, nothing of the session is sent another way, and the kernel is told, so that its next call opens a new
 * session. What belongs to no session goes over the channel that there is, and singly while there is none.
 */
import type {
  CertificatePins,
  ChannelBinding,
  Clock,
  Did,
  EventLogger,
  InboundHandler,
  PeerChannel,
  PeerReply,
  PeerRequest,
  PeerTransport,
} from '@hansa/protocols'
import { exchangePaths } from '@hansa/protocols'
import { RequestNotTaken, unreachable } from './asked-requests.ts'
import type { ChannelDialer } from './channel-dialer.ts'
import type { FrameCount } from './counted-channel.ts'
import type { FramedChannel } from './framed-channel.ts'
import { type SessionLink, type SessionLinkComponents, sessionLink } from './session-link.ts'

export type SessionTransportInit = {
  /**
   * How long a peer to which no channel could be opened gets single requests only, milliseconds; twice as long each time
   * that single requests go on meanwhile. @default 30_000
   */
  retryAfterMs?: number
}

export type SessionTransportComponents = Pick<
  SessionLinkComponents,
  'maxBodyBytes' | 'room' | 'failed' | 'frames' | 'slowed'
> & {
  /** Carries single requests. */
  single: PeerTransport
  /** In the order in which they are tried. */
  dialers: readonly ChannelDialer[]
  clock: Clock
  logger: EventLogger
}

type Open = { link: SessionLink; shown: PeerChannel }
type Way = {
  open?: Open
  opening?: Promise<SessionLink | undefined>
  /** When a channel is tried again; 0 unless the last one could not be opened. */
  retryAt: number
  /** Times in a row that it was tried again while calls went singly. */
  retries: number
  told?: string
}

/** Doublings of the time until a channel is tried again: a session that was opened singly lives about as long. */
const MAX_RETRIES = 4

/** What must come over the channel that the session is bound to: the handshake, and whatever carries arguments. */
const BOUND_PATHS: ReadonlySet<string> = new Set([
  exchangePaths.hello,
  exchangePaths.proof,
  exchangePaths.call,
  exchangePaths.decide,
])

export class SessionTransport implements PeerTransport, AsyncDisposable {
  readonly #c: SessionTransportComponents
  readonly #retryAfterMs: number
  readonly #ways = new Map<Did, Way>()
  /** The channel over which the newest session of a peer was opened. */
  readonly #bound = new Map<Did, SessionLink>()
  /** Also those that others have replaced, until they end. */
  readonly #links = new Set<SessionLink>()
  #pins: CertificatePins | undefined
  #handler: InboundHandler | undefined
  #unbound: (peer: Did) => void = () => {}
  #isClosed = false

  constructor(init: SessionTransportInit, components: SessionTransportComponents) {
    this.#c = components
    this.#retryAfterMs = init.retryAfterMs ?? 30_000
  }

  usePins(pins: CertificatePins): void {
    this.#pins = pins
    this.#c.single.usePins?.(pins)
    for (const dialer of this.#c.dialers) dialer.usePins?.(pins)
  }

  /** Answers what peers ask over channels that this side opens; until then they are told that this side is busy. */
  serve(handler: InboundHandler): void {
    this.#handler = handler
  }

  /** @param ended called when the channel that a session with a peer is bound to takes no more. */
  onUnbound(ended: (peer: Did) => void): void {
    this.#unbound = ended
  }

  async send(request: PeerRequest): Promise<PeerReply> {
    const link = this.#linkFor(request)
    if (link === undefined) {
      this.#lookForChannel(request)
      return this.#c.single.send(request)
    }
    try {
      return await link.send(request)
    } catch (error) {
      if (!(error instanceof RequestNotTaken)) throw error
      // The other side has not looked at it, so it goes another way, if there is one.
      const other = this.#linkFor(request)
      if (other === undefined) return this.#c.single.send(request)
      return other.send(request).catch((fault: unknown) => {
        throw fault instanceof RequestNotTaken ? unreachable(request, fault.message, fault) : fault
      })
    }
  }

  async binding(endpoint: string, peer?: Did): Promise<ChannelBinding | undefined> {
    if (peer !== undefined) this.#wayTo(peer).retries = 0
    const link = peer === undefined ? undefined : await this.#linkTo(peer, endpoint)
    const binding = link?.channel.binding
    if (peer !== undefined) this.#bound.delete(peer)
    if (link === undefined || peer === undefined || binding === undefined) return this.#c.single.binding(endpoint, peer)
    this.#bound.set(peer, link)
    return binding
  }

  /** A peer has proven itself on a channel that it opened: what this side sends to it goes that way too. */
  adopt(peer: Did, link: SessionLink): void {
    const way = this.#wayTo(peer)
    if (this.#isClosed || way.open?.link.isOpen === true || !link.isOpen) return
    this.#hold(peer, way, link, undefined)
  }

  /** Frames over all channels that are counted. */
  frames(): FrameCount {
    return { ...(this.#c.frames ?? { sent: 0, received: 0 }) }
  }

  /** Channels that are open now. */
  channels(): PeerChannel[] {
    return [...this.#ways.values()].flatMap(({ open }) => (open?.link.isOpen === true ? [open.shown] : []))
  }

  /** Whatever is open with the peer ends, also a channel that is about to be replaced. */
  drop(peer: Did, reason: string): void {
    this.#ways.get(peer)?.open?.link.close(reason)
    this.#bound.get(peer)?.close(reason)
  }

  /** Takes nothing new, and resolves when everything under way has ended. */
  async drain(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#links].map((link) => link.drain()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const links = [...this.#links]
    for (const link of links) link.close('this side has ended')
    await Promise.all(links.map(({ closed }) => closed))
  }

  /** @throws MeshError `unreachable` when the channel of the session is gone. */
  #linkFor(request: PeerRequest): SessionLink | undefined {
    const { peer, path } = request
    if (peer === undefined) return undefined
    const bound = BOUND_PATHS.has(path) ? this.#bound.get(peer) : undefined
    if (bound !== undefined && !bound.takesBound)
      throw unreachable(request, 'the channel that the session is bound to has closed')
    if (bound !== undefined) return bound
    const link = this.#ways.get(peer)?.open?.link
    return link?.isOpen === true ? link : undefined
  }

  /** For calls of a session that was opened when no channel could be: as soon as one can, another session is opened on it. */
  #lookForChannel({ peer, endpoint, path }: PeerRequest): void {
    const way = peer === undefined ? undefined : this.#ways.get(peer)
    if (peer === undefined || way === undefined || path !== exchangePaths.call) return
    if (way.retryAt === 0 || way.opening !== undefined || this.#c.clock.now() < way.retryAt) return
    way.retries = Math.min(way.retries + 1, MAX_RETRIES)
    const found = this.#linkTo(peer, endpoint)
    if (found instanceof Promise) void found.then((link) => link !== undefined && this.#unbound(peer))
  }

  #linkTo(peer: Did, endpoint: string): SessionLink | undefined | Promise<SessionLink | undefined> {
    const way = this.#wayTo(peer)
    if (way.open?.link.isOpen === true) return way.open.link
    if (way.opening !== undefined) return way.opening
    const urls = this.#pins?.waysTo?.(peer, endpoint) ?? []
    const places = this.#c.dialers.flatMap((dialer) =>
      urls.filter(({ proto }) => proto === dialer.proto).map(({ url }) => ({ dialer, url })),
    )
    if (this.#isClosed || places.length === 0 || this.#c.clock.now() < way.retryAt) return undefined
    way.opening = this.#open(peer, way, places).finally(() => {
      delete way.opening
    })
    return way.opening
  }

  async #open(
    peer: Did,
    way: Way,
    places: readonly { dialer: ChannelDialer; url: string }[],
  ): Promise<SessionLink | undefined> {
    const reasons: string[] = []
    for (const { dialer, url } of places) {
      try {
        const channel = await dialer.dial(url, peer)
        if (channel.binding === undefined) throw new Error('the channel may not carry sessions')
        return this.#hold(peer, way, this.#linkOver(channel), dialer.proto)
      } catch (error) {
        reasons.push(`${url}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    const reason = reasons.join('; ').slice(0, 512)
    way.retryAt = this.#c.clock.now() + this.#retryAfterMs * 2 ** way.retries
    if (way.told !== reason) this.#c.logger.info('session.not_opened', { peer, reason })
    way.told = reason
    return undefined
  }

  #linkOver(channel: FramedChannel): SessionLink {
    const { clock, maxBodyBytes, room, failed, frames, slowed } = this.#c
    const busy = { status: 503, contentType: 'application/json', body: Buffer.from('{"code":"busy"}') }
    const handler: InboundHandler = { handle: async (request) => this.#handler?.handle(request) ?? busy }
    return sessionLink(
      { role: 'opened', channel },
      {
        ...{ clock, handler, frames },
        ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
        ...(room === undefined ? {} : { room }),
        ...(failed === undefined ? {} : { failed }),
        ...(slowed === undefined ? {} : { slowed }),
      },
    )
  }

  #hold(peer: Did, way: Way, link: SessionLink, proto: string | undefined): SessionLink {
    const kind = link.channel.binding?.kind
    const shown = { peer, ...(proto && { proto }), ...(kind && { kind }), openedMs: this.#c.clock.now() }
    way.open = { link, shown }
    this.#links.add(link)
    Object.assign(way, { retryAt: 0, retries: 0 })
    delete way.told
    void link.shut.then(() => {
      if (this.#bound.get(peer) === link) this.#unbound(peer)
    })
    void link.closed.then(() => {
      this.#links.delete(link)
      if (way.open?.link === link) delete way.open
    })
    if (this.#isClosed) link.close('this side has ended')
    return link
  }

  #wayTo(peer: Did): Way {
    const known = this.#ways.get(peer)
    if (known !== undefined) return known
    const way: Way = { retryAt: 0, retries: 0 }
    this.#ways.set(peer, way)
    return way
  }
}

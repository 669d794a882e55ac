/**
 * One channel between two kernels, with many requests under way on it, asked from either side (wire.md: framed sessions).
 *
 * A frame that is malformed, out of place or beyond its credit closes the channel: after it nothing on the channel means
 * anything. So does silence. Whatever was under way then is `unreachable`, as over HTTP when a connection breaks.
 */
import {
  type Clock,
  decodeSessionFrame,
  GOING_SOON,
  type InboundHandler,
  type PeerReply,
  type PeerRequest,
  type SessionFrame,
} from '@hansa/protocols'
import { Patience } from '../patience.ts'
import { AskedRequests } from './asked-requests.ts'
import { BufferBudget } from './buffer-budget.ts'
import { BYTES_OF_A_REFUSAL, LINK_PATIENCE, MAX_BUFFERED_BYTES, PARTING_MS, RETIRING_MS } from './constants.ts'
import { countedChannel, type FrameCount } from './counted-channel.ts'
import { FrameWriter } from './frame-writer.ts'
import type { FramedChannel } from './framed-channel.ts'
import { KeepAlive } from './keep-alive.ts'
import { type BodyRoom, ServedRequests, type ServedRequestsComponents } from './served-requests.ts'

export type SessionLinkInit = {
  /** Which side of the channel this is. */
  role: 'opened' | 'taken'
  channel: FramedChannel
}

export type SessionLinkComponents = {
  clock: Clock
  /** Answers what the other side asks. */
  handler: InboundHandler
  /** Largest body of a request for this path. @default what a session takes */
  maxBodyBytes?(path: string): number
  /** Room for bodies that is shared with other channels. @default that of this channel alone */
  room?: BodyRoom
  /** The handler threw. @default nobody is told */
  failed?(error: unknown): void
  /** Counts frames. @default nobody does */
  frames?: FrameCount | undefined
  /** So much of what the other side asked was refused that it is read later. @default nobody is told */
  slowed?(slowed: SlowedSession): void
}

/** `path` and `status` of what was refused last. */
export type SlowedSession = { source: string; path: string; status: number; waitMs: number }

export interface SessionLink {
  readonly channel: FramedChannel
  /** Whether this is the channel for whatever there is to ask. */
  readonly isOpen: boolean
  /** Whether it takes at least what belongs to a session that is bound to it. */
  readonly takesBound: boolean
  /** Resolves once it does not any more. */
  readonly shut: Promise<void>
  /** Resolves once with why the channel has closed. */
  readonly closed: Promise<string>
  /**
   * @throws MeshError `unreachable`, when it is not known whether the other side has acted; RequestNotTaken, when it has
   * not looked at the request.
   */
  send(request: PeerRequest): Promise<PeerReply>
  /** Asks the other side to open another channel, and ends after a while. */
  retire(): void
  /** Takes nothing new, and closes the channel when everything under way has ended. Resolves when it is closed. */
  drain(): Promise<void>
  close(reason: string): void
}

/** Serves and asks from now on. */
export function sessionLink(init: SessionLinkInit, { frames, ...components }: SessionLinkComponents): SessionLink {
  const channel = frames === undefined ? init.channel : countedChannel(init.channel, frames)
  return new Link({ ...init, channel }, components)
}

class Link implements SessionLink {
  readonly channel: FramedChannel
  readonly shut: Promise<void>
  readonly closed: Promise<string>
  readonly #onShut: () => void
  readonly #clock: Clock
  readonly #writer: FrameWriter
  readonly #asked: AskedRequests
  readonly #served: ServedRequests
  readonly #keepAlive: KeepAlive
  readonly #patience: Patience
  readonly #slowed: (slowed: SlowedSession) => void
  /** Ends the wait in which nothing is read. */
  #waited: (() => void) | undefined
  readonly #ownParity: 0 | 1
  /** Bytes of bodies that may still come for requests that have ended. */
  #stray = 0
  #pings = 0
  #state: 'open' | 'draining' | 'closed' = 'open'
  /** The other side has said that it takes no more. */
  #isShut = false
  /** One of the sides wants another channel in its place. */
  #isRetiring = false
  #saidGoaway = false
  #parting: (() => void) | undefined

  constructor({ role, channel }: SessionLinkInit, { clock, ...serving }: SessionLinkComponents) {
    this.channel = channel
    this.#clock = clock
    const { promise, resolve } = Promise.withResolvers<void>()
    this.shut = promise
    this.#onShut = resolve
    this.#ownParity = role === 'opened' ? 1 : 0
    const [own, other] = role === 'opened' ? ([1, 2] as const) : ([2, 1] as const)
    this.#writer = new FrameWriter(channel, {
      overflow: () => this.close('the other side does not read what it asks for'),
      emptied: () => this.#closeIfDone(),
    })
    const mayStray = (bytes: number) => {
      this.#stray += bytes
    }
    const ground = {
      writer: this.#writer,
      budget: new BufferBudget(MAX_BUFFERED_BYTES),
      mayStray,
      ended: () => this.#closeIfDone(),
    }
    this.#asked = new AskedRequests({ ...ground, firstId: own })
    const { binding, source } = channel
    const { failed = () => {}, slowed = () => {}, ...rest } = serving
    this.#slowed = slowed
    this.#patience = new Patience(LINK_PATIENCE, clock.now())
    const refused: ServedRequestsComponents['refused'] = (what) => this.#refused(what)
    this.#served = new ServedRequests({ ...ground, ...rest, clock, failed, refused, firstId: other, binding, source })
    this.#keepAlive = new KeepAlive({
      clock,
      isBusy: () => this.#isBusy,
      ask: () => this.#ping(),
      gone: (reason) => this.close(reason),
      unused: () => void this.drain(),
    })
    this.closed = channel.closed.then((reason) => this.#ended(reason))
    channel.onMessage((message) => this.#take(message))
  }

  get isOpen(): boolean {
    return this.takesBound && !this.#isRetiring
  }

  get takesBound(): boolean {
    return this.#state === 'open' && !this.#isShut
  }

  send(request: PeerRequest): Promise<PeerReply> {
    return this.#asked.send(request)
  }

  retire(): void {
    if (!this.isOpen) return
    this.#isRetiring = true
    this.#onShut()
    this.#writer.frame({ type: 'goaway', id: GOING_SOON, code: 'going' })
    this.#parting = this.#clock.after(RETIRING_MS, () => {
      this.#parting = undefined
      void this.drain()
    })
  }

  async drain(): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'draining'
      this.#parting?.()
      this.#parting = undefined
      this.#onShut()
      this.#asked.shut(Number.POSITIVE_INFINITY, 'this side is ending')
      this.#sayGoaway()
      this.#closeIfDone()
    }
    await this.closed
  }

  close(reason: string): void {
    this.channel.close(reason)
  }

  get #isBusy(): boolean {
    return this.#asked.size > 0 || this.#served.size > 0 || !this.#writer.isEmpty
  }

  #take(message: Uint8Array): void {
    if (this.#state === 'closed') return
    this.#keepAlive.heard()
    const frame = decodeSessionFrame(message)
    const fault = frame === undefined ? 'a malformed frame' : this.#faultOf(frame)
    if (fault !== undefined) this.close(`the other side sent ${fault}`)
    else this.#closeIfDone()
  }

  /** Takes the frame in. @returns what is wrong with it, if anything is. */
  #faultOf(frame: SessionFrame): string | undefined {
    const { id, type } = frame
    if (type === 'ping') this.#writer.frame({ type: 'pong', id })
    if (type === 'goaway') this.#goaway(id)
    if (type === 'ping' || type === 'pong' || type === 'goaway') return undefined
    const isOwn = id % 2 === this.#ownParity
    if (type === 'request') return isOwn ? 'a request under an id of this side' : this.#requestFault(frame)
    const requests = isOwn ? this.#asked : this.#served
    if (!requests.hasUsed(id)) return `a ${type} for a request that was never made`
    if (type === 'data') return this.#dataFault(requests.data(id, frame.bytes), frame.bytes.length)
    if (type === 'credit') this.#writer.allow(id, frame.credit)
    if (type === 'cancel') requests.cancelled(id, frame.code)
    if (type === 'reply') return isOwn ? this.#asked.replied(frame) : 'a reply to its own request'
    if (type === 'progress' && !isOwn) return 'progress of its own request'
    if (type === 'progress') this.#asked.progress(id, frame.bytes)
    return undefined
  }

  #requestFault(frame: SessionFrame & { type: 'request' }): string | undefined {
    if (this.#state === 'open') return this.#served.request(frame)
    // It has not heard yet that nothing more is taken, and will ask somewhere else.
    this.#stray += frame.length - frame.bytes.length
    return undefined
  }

  #dataFault(fault: string | undefined, bytes: number): string | undefined {
    if (fault !== 'stray') return fault
    this.#stray -= bytes
    return this.#stray < 0 ? 'more of a body than there was credit for' : undefined
  }

  #goaway(lastTaken: number): void {
    this.#onShut()
    if (lastTaken === GOING_SOON) {
      this.#isRetiring = true
      return
    }
    this.#isShut = true
    this.#asked.shut(lastTaken, 'the other side is ending')
  }

  #sayGoaway(): void {
    this.#saidGoaway = true
    this.#writer.frame({ type: 'goaway', id: this.#served.lastTaken, code: 'going' })
  }

  #ping(): void {
    this.#pings = (this.#pings + 1) >>> 0
    this.#writer.frame({ type: 'ping', id: this.#pings })
  }

  /**
   * The side that ends closes, once the other has answered with a goaway of its own: it has everything that it asked for
   * then. What is still on its way would be lost with the channel otherwise.
   */
  #closeIfDone(): void {
    if (this.#state === 'open' && this.#isShut && !this.#saidGoaway && this.#asked.size === 0) this.#sayGoaway()
    if (this.#state !== 'draining' || this.#isBusy) return
    if (this.#isShut) this.close('done')
    else this.#parting ??= this.#clock.after(PARTING_MS, () => this.close('done'))
  }

  /** Whoever floods is read more slowly: both ways, for it is one channel (security.md B13). */
  #refused({ bytes, path, status }: Parameters<ServedRequestsComponents['refused']>[0]): void {
    const waitMs = this.#patience.refused(this.#clock.now(), 1 + Math.floor(bytes / BYTES_OF_A_REFUSAL))
    if (waitMs === 0 || this.#waited !== undefined) return
    this.#slowed({ source: this.channel.source, path, status, waitMs })
    this.channel.pause()
    this.#waited = this.#clock.after(waitMs, () => {
      this.#waited = undefined
      this.channel.resume()
    })
  }

  #ended(reason: string): string {
    this.#state = 'closed'
    this.#waited?.()
    this.#onShut()
    this.#keepAlive.close()
    this.#parting?.()
    this.#writer.close()
    this.#asked.closed(reason)
    this.#served.closed()
    return reason
  }
}

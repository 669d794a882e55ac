/**
 * A network inside one process: what one kernel sends, another handles, without sockets or timers. Every message is
 * kept, and a test decides what is lost, repeated, changed or held back.
 *
 * Delivery is direct: a message that nothing interferes with is handled before `send` returns to the event loop's queue,
 * so a run is the same every time.
 */
import type {
  InboundHandler,
  InboundReply,
  InboundRequest,
  PeerReply,
  PeerRequest,
  PeerTransport,
} from '@hansa/protocols'
import { MeshError } from '../errors.ts'
import { endpointParts } from '../transport/endpoint.ts'
import { localBinding } from '../transport/local-binding.ts'

export type WireMessage = {
  /** Counts up from 1 over the whole network. */
  readonly id: number
  readonly source: string
  readonly endpoint: string
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly body: Uint8Array
}

/** A message that crossed, and what came back; the tap keeps them in the order of sending. */
export type WireRecord = WireMessage & {
  /** `lost` also when the reply was. `waiting` while it is held or handled. */
  outcome: 'waiting' | 'delivered' | 'lost'
  reply?: InboundReply
}

/** What a test does to a message. Nothing returned: it is delivered. */
export type Interference = {
  /** The receiver never sees it, or the sender never sees the reply. */
  lose?: 'request' | 'reply'
  /** Handled this many times; the sender gets the first reply. @default 1 */
  copies?: number
  /** What arrives instead. */
  body?: Uint8Array
  /** What comes back instead of the receiver's reply. */
  reply?: (reply: InboundReply) => InboundReply
  /** What the sender hears before the reply, instead of what the receiver says. */
  progress?: (said: Uint8Array) => Uint8Array
  /** Delivered when this resolves. */
  hold?: Promise<void>
}

export type Interceptor = (message: WireMessage) => Interference | undefined

export type MemoryNetworkInit = {
  /** Feeds `loss`; the same seed loses the same messages. @default 1 */
  seed?: number
}

export interface MemoryNetwork {
  /** Replaces whoever answered there. @returns takes it off the network again. */
  attach(endpoint: string, handler: InboundHandler): () => void
  /** @param source endpoint or name of the sender, as receivers and `partition` see it. */
  transport(source: string): PeerTransport
  /** Everything that was sent, oldest first. */
  readonly tap: readonly WireRecord[]
  /** Interceptors are asked in order; the first that returns something decides. @returns removes it. */
  intercept(interceptor: Interceptor): () => void
  /** Nothing passes between the two, either way. @returns heals it. */
  partition(one: string, other: string): () => void
  /** Loses this share of the messages, 0 to 1: half of them before they are handled, half after. @returns ends it. */
  loss(share: number): () => void
  /** Holds back what matches until released. */
  hold(matches: (message: WireMessage) => boolean): { release(): void }
}

export function memoryNetwork(init: MemoryNetworkInit = {}): MemoryNetwork {
  return new InProcessNetwork(init.seed ?? 1)
}

class InProcessNetwork implements MemoryNetwork {
  readonly #handlers = new Map<string, { handler: InboundHandler; endpoint: string }>()
  readonly #interceptors: Interceptor[] = []
  readonly #cuts = new Set<ReadonlySet<string>>()
  readonly #tap: WireRecord[] = []
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = mulberry32(seed)
  }

  get tap(): readonly WireRecord[] {
    return this.#tap
  }

  attach(endpoint: string, handler: InboundHandler): () => void {
    const place = { handler, endpoint }
    this.#handlers.set(originOf(endpoint), place)
    return () => {
      if (this.#handlers.get(originOf(endpoint)) === place) this.#handlers.delete(originOf(endpoint))
    }
  }

  transport(source: string): PeerTransport {
    return {
      send: (request) => this.#send(source, request),
      binding: async (endpoint) => localBinding(endpoint),
    }
  }

  intercept(interceptor: Interceptor): () => void {
    this.#interceptors.push(interceptor)
    return () => {
      const at = this.#interceptors.indexOf(interceptor)
      if (at >= 0) this.#interceptors.splice(at, 1)
    }
  }

  partition(one: string, other: string): () => void {
    const cut = new Set([originOf(one), originOf(other)])
    this.#cuts.add(cut)
    return () => void this.#cuts.delete(cut)
  }

  loss(share: number): () => void {
    return this.intercept(() => {
      const drawn = this.#random()
      return drawn < share ? { lose: drawn < share / 2 ? 'request' : 'reply' } : undefined
    })
  }

  hold(matches: (message: WireMessage) => boolean): { release(): void } {
    const gate = Promise.withResolvers<void>()
    const remove = this.intercept((message) => (matches(message) ? { hold: gate.promise } : undefined))
    const release = () => {
      remove()
      gate.resolve()
    }
    return { release }
  }

  async #send(source: string, request: PeerRequest): Promise<PeerReply> {
    const { endpoint, path, method } = request
    const id = this.#tap.length + 1
    const message = { id, source, endpoint, path, method, body: request.body ?? new Uint8Array() }
    const record: WireRecord = { ...message, outcome: 'waiting' }
    this.#tap.push(record)
    try {
      const reply = await cancellable(this.#deliver(message, record, request.onProgress), request)
      if (reply.body.length > request.maxReplyBytes)
        throw unreachable(endpoint, 'the reply is larger than asked for', true)
      return { status: reply.status, body: copyOf(reply.body) }
    } catch (error) {
      record.outcome = 'lost'
      throw error
    }
  }

  async #deliver(
    message: WireMessage,
    record: WireRecord,
    onProgress: PeerRequest['onProgress'],
  ): Promise<InboundReply> {
    const interference = this.#interference(message)
    if (interference.hold !== undefined) await interference.hold
    this.#checkPath(message)
    if (interference.lose === 'request') throw unreachable(message.endpoint, 'the request was lost')
    const place = this.#handlers.get(originOf(message.endpoint))
    if (place === undefined) throw unreachable(message.endpoint, 'nothing listens there')
    const heard = interference.progress ?? copyOf
    const inbound = {
      ...inboundRequest(place.endpoint, message, interference.body ?? message.body),
      // As over a session; single requests carry none.
      ...(onProgress === undefined ? {} : { progress: (bytes: Uint8Array) => onProgress(heard(bytes)) }),
    }
    let reply = await place.handler.handle(inbound)
    for (let copy = 1; copy < (interference.copies ?? 1); copy++) await place.handler.handle(inbound)
    reply = interference.reply?.(reply) ?? reply
    record.reply = reply
    this.#checkPath(message)
    if (interference.lose === 'reply') throw unreachable(message.endpoint, 'the reply was lost')
    record.outcome = 'delivered'
    return reply
  }

  #interference(message: WireMessage): Interference {
    for (const interceptor of this.#interceptors) {
      const interference = interceptor(message)
      if (interference !== undefined) return interference
    }
    return {}
  }

  #checkPath({ source, endpoint }: WireMessage): void {
    const ends = [originOf(source), originOf(endpoint)]
    for (const cut of this.#cuts)
      if (ends.every((end) => cut.has(end))) throw unreachable(endpoint, 'the network is partitioned')
  }
}

function inboundRequest(endpoint: string, message: WireMessage, body: Uint8Array): InboundRequest {
  const binding = localBinding(endpoint)
  const { path, method, source } = message
  return { path, method, source, body: copyOf(body), ...(binding === undefined ? {} : { binding }) }
}

/** On a real network the two ends share no memory. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes)
}

async function cancellable(delivery: Promise<InboundReply>, request: PeerRequest): Promise<InboundReply> {
  const { signal, endpoint } = request
  if (signal === undefined) return delivery
  const cancelled = Promise.withResolvers<never>()
  const onAbort = () => cancelled.reject(unreachable(endpoint, 'the request was cancelled'))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([delivery, cancelled.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    delivery.catch(() => undefined)
  }
}

function originOf(endpoint: string): string {
  return endpointParts(endpoint)?.origin ?? endpoint
}

function unreachable(endpoint: string, reason: string, answered?: true): MeshError {
  const detail = { code: 'unreachable', endpoint, reason, ...(answered === undefined ? {} : { answered }) } as const
  return new MeshError(detail, `${endpoint} cannot be reached: ${reason}`)
}

/** A small generator with a 32-bit state: for tests, where the same seed has to give the same run. */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

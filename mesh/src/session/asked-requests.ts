/** What this side of a channel asks the other: each request under its id, until its reply or its end. */
import { type EndCode, INITIAL_CREDIT, type PeerReply, type PeerRequest, type ReplyFrame } from '@hansa/protocols'
import { MeshError } from '../errors.ts'
import type { BufferBudget } from './buffer-budget.ts'
import { MAX_REQUESTS_IN_FLIGHT, MAX_REQUESTS_WAITING } from './constants.ts'
import type { FrameWriter } from './frame-writer.ts'
import { IncomingBody } from './incoming-body.ts'

/** The other side has not looked at the request, and will not: it can go another way. */
export class RequestNotTaken extends Error {
  override readonly name = 'RequestNotTaken'
}

export type AskedRequestsComponents = {
  /** 1 for the side that opened the channel, 2 for the other. */
  firstId: 1 | 2
  writer: FrameWriter
  budget: BufferBudget
  /** So many bytes may come for requests that have ended here. */
  mayStray(bytes: number): void
  /** A request has ended. */
  ended(): void
}

type Asked = {
  readonly request: PeerRequest
  readonly settle: PromiseWithResolvers<PeerReply>
  readonly stopListening: () => void
  reply?: { status: number; body: IncomingBody; release: () => void }
}

const endReasons: Readonly<Record<EndCode, string>> = {
  unwanted: 'the other side ended the request',
  too_large: 'the other side does not take a body of this size',
  late: 'the body did not reach the other side in time',
  failed: 'the other side failed inside',
  going: 'the other side is ending',
}

export class AskedRequests {
  readonly #c: AskedRequestsComponents
  readonly #asked = new Map<number, Asked>()
  /** Those that wait for a place, in order. */
  readonly #waiting = new Set<{ start: () => void; refuse: (error: Error) => void }>()
  #nextId: number
  #shut: string | undefined

  constructor(components: AskedRequestsComponents) {
    this.#c = components
    this.#nextId = components.firstId
  }

  get size(): number {
    return this.#asked.size + this.#waiting.size
  }

  /** Whether an id of this side has been used. */
  hasUsed(id: number): boolean {
    return id < this.#nextId
  }

  /** @throws MeshError `unreachable`; RequestNotTaken. */
  send(request: PeerRequest): Promise<PeerReply> {
    const settle = Promise.withResolvers<PeerReply>()
    if (this.#shut !== undefined) settle.reject(new RequestNotTaken(this.#shut))
    else if (request.signal?.aborted === true) settle.reject(cancelled(request))
    else if (this.#asked.size < MAX_REQUESTS_IN_FLIGHT && this.#waiting.size === 0) this.#start(request, settle)
    else if (this.#waiting.size < MAX_REQUESTS_WAITING) this.#wait(request, settle)
    else settle.reject(unreachable(request, 'too many requests wait for their turn'))
    return settle.promise
  }

  /** @returns what is wrong with the frame, if anything is. */
  replied({ id, status, length, bytes }: ReplyFrame): string | undefined {
    const asked = this.#asked.get(id)
    if (asked === undefined) {
      this.#c.mayStray(Math.min(length, INITIAL_CREDIT) - bytes.length)
      return undefined
    }
    if (asked.reply !== undefined) return 'a second reply to one request'
    const body = new IncomingBody(length)
    if (!body.take(bytes)) return 'more of a reply than there was credit for'
    // The reply is there: whoever answers before it has read everything does not want the rest.
    this.#c.writer.drop(id)
    if (length > asked.request.maxReplyBytes) {
      asked.reply = { status, body, release: () => {} }
      this.#c.writer.frame({ type: 'cancel', id, code: 'too_large' })
      this.#end(id, asked)
      asked.settle.reject(tooLarge(asked.request))
      return undefined
    }
    asked.reply = { status, body, release: () => {} }
    if (body.withheld > 0) asked.reply.release = this.#c.budget.take(body.withheld, () => this.#allowRest(id, body))
    this.#concludeIfComplete(id, asked)
    return undefined
  }

  /** @returns what is wrong; `stray` when nobody waits for it. */
  data(id: number, bytes: Uint8Array): string | 'stray' | undefined {
    const asked = this.#asked.get(id)
    if (asked === undefined) return 'stray'
    if (asked.reply === undefined) return 'a body without its reply'
    if (!asked.reply.body.take(bytes)) return 'more of a reply than there was credit for'
    this.#concludeIfComplete(id, asked)
    return undefined
  }

  progress(id: number, bytes: Uint8Array): void {
    this.#asked.get(id)?.request.onProgress?.(bytes)
  }

  /** The other side ended a request without a reply. */
  cancelled(id: number, code: EndCode): void {
    this.#fail(id, (request) => unreachable(request, endReasons[code]))
  }

  /** No request is taken any more; those with a higher id were not looked at. */
  shut(lastTaken: number, reason: string): void {
    this.#shut ??= reason
    for (const { refuse } of [...this.#waiting]) refuse(new RequestNotTaken(reason))
    for (const id of [...this.#asked.keys()]) if (id > lastTaken) this.#fail(id, () => new RequestNotTaken(reason))
  }

  /** The channel is gone: whether the other side has acted is not known. */
  closed(reason: string): void {
    this.shut(Number.POSITIVE_INFINITY, reason)
    for (const id of [...this.#asked.keys()]) this.#fail(id, (request) => unreachable(request, reason))
  }

  #start(request: PeerRequest, settle: PromiseWithResolvers<PeerReply>): void {
    const id = this.#nextId
    this.#nextId += 2
    const { signal, method, path, body = NOTHING, deadlineMs } = request
    const onAbort = () => {
      this.#c.writer.frame({ type: 'cancel', id, code: 'unwanted' })
      this.#fail(id, cancelled)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    const stopListening = () => signal?.removeEventListener('abort', onAbort)
    this.#asked.set(id, { request, settle, stopListening })
    const rounded = deadlineMs === undefined ? 0 : Math.min(Math.max(1, Math.ceil(deadlineMs)), MAX_DEADLINE_MS)
    this.#c.writer.beginning(id, body, INITIAL_CREDIT, (bytes) => {
      return { type: 'request', id, method, path, deadlineMs: rounded, length: body.length, bytes }
    })
  }

  #wait(request: PeerRequest, settle: PromiseWithResolvers<PeerReply>): void {
    const leave = () => {
      this.#waiting.delete(place)
      request.signal?.removeEventListener('abort', onAbort)
    }
    const refuse = (error: Error) => {
      leave()
      settle.reject(error)
    }
    const start = () => {
      leave()
      this.#start(request, settle)
    }
    const onAbort = () => refuse(cancelled(request))
    const place = { start, refuse }
    this.#waiting.add(place)
    request.signal?.addEventListener('abort', onAbort, { once: true })
  }

  #allowRest(id: number, body: IncomingBody): void {
    this.#c.writer.frame({ type: 'credit', id, credit: body.allowRest() })
  }

  #concludeIfComplete(id: number, asked: Asked): void {
    const { reply } = asked
    if (reply?.body.isComplete !== true) return
    this.#end(id, asked)
    asked.settle.resolve({ status: reply.status, body: reply.body.bytes() })
  }

  #fail(id: number, errorOf: (request: PeerRequest) => Error): void {
    const asked = this.#asked.get(id)
    if (asked === undefined) return
    this.#end(id, asked)
    asked.settle.reject(errorOf(asked.request))
  }

  #end(id: number, asked: Asked): void {
    this.#asked.delete(id)
    asked.stopListening()
    this.#c.writer.drop(id)
    asked.reply?.release()
    this.#c.mayStray(asked.reply?.body.outstanding ?? 0)
    const [next] = this.#waiting
    next?.start()
    this.#c.ended()
  }
}

const NOTHING = new Uint8Array(0)
const MAX_DEADLINE_MS = 0xffff_ffff

function cancelled(request: PeerRequest): MeshError {
  return unreachable(request, 'the request was cancelled')
}

function tooLarge({ endpoint, maxReplyBytes }: PeerRequest): MeshError {
  const reason = `the reply is larger than ${maxReplyBytes} bytes`
  const detail = { code: 'unreachable', endpoint, reason, answered: true } as const
  return new MeshError(detail, `${endpoint} cannot be reached: ${reason}`)
}

export function unreachable({ endpoint }: Pick<PeerRequest, 'endpoint'>, reason: string, cause?: unknown): MeshError {
  return new MeshError({ code: 'unreachable', endpoint, reason }, `${endpoint} cannot be reached: ${reason}`, { cause })
}

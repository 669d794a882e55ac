/** What the other side of a channel asks this one: bodies that are read within bounds, and handed to the handler whole. */
import {
  type ChannelBinding,
  type Clock,
  type Code,
  httpStatus,
  INITIAL_CREDIT,
  type InboundHandler,
  type InboundReply,
  MAX_PROGRESS_BYTES,
  MAX_SESSION_BODY_BYTES,
  type RequestFrame,
} from '@hansa/protocols'
import type { BufferBudget } from './buffer-budget.ts'
import { BODY_LIMIT_MS, MAX_BUFFERED_BYTES, MAX_REQUESTS_IN_FLIGHT } from './constants.ts'
import type { FrameWriter } from './frame-writer.ts'
import { IncomingBody } from './incoming-body.ts'

/** What the bodies of all requests of a process may take, over whatever channel they come. */
export interface BodyRoom {
  /** @returns whether there was room; then it is taken. */
  take(bytes: number): boolean
  give(bytes: number): void
}

export type ServedRequestsComponents = {
  /** 1 when the other side opened the channel, 2 otherwise. */
  firstId: 1 | 2
  clock: Clock
  handler: InboundHandler
  /** Largest body of a request for this path. @default what a session takes */
  maxBodyBytes?(path: string): number
  room?: BodyRoom
  binding: ChannelBinding | undefined
  source: string
  writer: FrameWriter
  budget: BufferBudget
  mayStray(bytes: number): void
  /** The handler threw, which is a fault of it. */
  failed(error: unknown): void
  /** A request was refused; `bytes` are those that it would have. */
  refused(what: { bytes: number; path: string; status: number }): void
  /** A request has ended. */
  ended(): void
}

type Served = {
  readonly frame: RequestFrame
  readonly body: IncomingBody
  readonly stop: AbortController
  /** Gives back what the request holds. */
  readonly held: DisposableStack
  isRunning: boolean
  /** Nobody waits for the reply. */
  isUnwanted: boolean
}

export class ServedRequests {
  readonly #c: ServedRequestsComponents
  readonly #served = new Map<number, Served>()
  #nextId: number
  #isClosed = false

  constructor(components: ServedRequestsComponents) {
    this.#c = components
    this.#nextId = components.firstId
  }

  /** Also those whose caller has left, as long as they are worked on. */
  get size(): number {
    return this.#served.size
  }

  /** The last id that was taken. */
  get lastTaken(): number {
    return Math.max(0, this.#nextId - 2)
  }

  hasUsed(id: number): boolean {
    return id < this.#nextId
  }

  /** @returns what is wrong with the frame, if anything is. */
  request(frame: RequestFrame): string | undefined {
    const { id, length, bytes } = frame
    if (id < this.#nextId) return 'an id that was used before'
    this.#nextId = id + 2
    const body = new IncomingBody(length)
    if (!body.take(bytes)) return 'more of a request than there was credit for'
    const code = this.#refusalOf(frame)
    if (code !== undefined) {
      this.#c.mayStray(body.outstanding)
      this.#reply(id, frame, errorReply(code))
      return undefined
    }
    this.#take(frame, body)
    return undefined
  }

  /** @returns what is wrong; `stray` when nobody waits for it. */
  data(id: number, bytes: Uint8Array): string | 'stray' | undefined {
    const served = this.#served.get(id)
    if (served === undefined || served.isUnwanted) return 'stray'
    if (!served.body.take(bytes)) return 'more of a request than there was credit for'
    if (served.body.isComplete) this.#run(id, served)
    return undefined
  }

  /** Whoever asked does not wait any more, or does not take the reply. */
  cancelled(id: number): void {
    this.#c.writer.drop(id)
    const served = this.#served.get(id)
    if (served !== undefined) this.#leave(id, served)
  }

  closed(): void {
    this.#isClosed = true
    for (const [id, served] of [...this.#served]) this.#leave(id, served)
  }

  #refusalOf({ path, length }: RequestFrame): Code | undefined {
    if (length > (this.#c.maxBodyBytes?.(path) ?? MAX_SESSION_BODY_BYTES)) return 'invalid_request'
    if (this.#served.size >= MAX_REQUESTS_IN_FLIGHT) return 'busy'
    // Whoever asks on and does not read what it asked for is not served more of it.
    if (this.#c.writer.unsentBytes > MAX_BUFFERED_BYTES) return 'busy'
    return this.#c.room === undefined || this.#c.room.take(length) ? undefined : 'busy'
  }

  #take(frame: RequestFrame, body: IncomingBody): void {
    const { id, length } = frame
    const held = new DisposableStack()
    held.defer(() => this.#c.room?.give(length))
    const served: Served = { frame, body, held, stop: new AbortController(), isRunning: false, isUnwanted: false }
    this.#served.set(id, served)
    if (body.isComplete) {
      this.#run(id, served)
      return
    }
    held.defer(this.#c.clock.after(BODY_LIMIT_MS, () => this.#late(id, served)))
    if (body.withheld === 0) return
    const allow = () => this.#c.writer.frame({ type: 'credit', id, credit: body.allowRest() })
    held.defer(this.#c.budget.take(body.withheld, allow))
  }

  #late(id: number, served: Served): void {
    if (served.isRunning) return
    this.#c.writer.frame({ type: 'cancel', id, code: 'late' })
    this.#leave(id, served)
  }

  #run(id: number, served: Served): void {
    served.isRunning = true
    const { frame, body, stop, held } = served
    const { path, method, deadlineMs } = frame
    if (deadlineMs > 0) held.defer(this.#c.clock.after(deadlineMs, () => stop.abort()))
    const { handler, source, binding } = this.#c
    const request = {
      ...{ path, method, source, body: body.bytes(), signal: stop.signal },
      ...(binding === undefined ? {} : { binding }),
      progress: (bytes: Uint8Array) => this.#say(id, served, bytes),
    }
    const settled = async () => {
      try {
        this.#conclude(id, served, await handler.handle(request))
      } catch (error) {
        this.#c.failed(error)
        this.#conclude(id, served, undefined)
      }
    }
    void settled()
  }

  #say(id: number, served: Served, bytes: Uint8Array): void {
    if (bytes.length === 0 || bytes.length > MAX_PROGRESS_BYTES)
      throw new RangeError(`progress has 1 to ${MAX_PROGRESS_BYTES} bytes`)
    if (!served.isUnwanted && this.#served.get(id) === served)
      this.#c.writer.frameIfRoom({ type: 'progress', id, bytes })
  }

  #conclude(id: number, served: Served, reply: InboundReply | undefined): void {
    this.#served.delete(id)
    served.held.dispose()
    if (!served.isUnwanted && !this.#isClosed) {
      if (reply === undefined) this.#c.writer.frame({ type: 'cancel', id, code: 'failed' })
      else this.#reply(id, served.frame, reply)
    }
    this.#c.ended()
  }

  /** What is worked on keeps its place until it is done, so that asking and leaving again buys nothing. */
  #leave(id: number, served: Served): void {
    if (served.isUnwanted) return
    served.isUnwanted = true
    served.stop.abort()
    if (served.isRunning) return
    this.#served.delete(id)
    served.held.dispose()
    this.#c.mayStray(served.body.outstanding)
    this.#c.ended()
  }

  #reply(id: number, { path, length }: RequestFrame, { status, body }: InboundReply): void {
    // What this side cannot do now is nobody's fault.
    if (status >= 400 && status < 500) this.#c.refused({ bytes: length, path, status })
    this.#c.writer.beginning(id, body, INITIAL_CREDIT, (bytes) => {
      return { type: 'reply', id, status, length: body.length, bytes }
    })
  }
}

function errorReply(code: Code): InboundReply {
  return { status: httpStatus[code], contentType: 'application/json', body: Buffer.from(JSON.stringify({ code })) }
}

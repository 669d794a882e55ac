/**
 * Between an MCP host, which starts a program and speaks to its standard input and output, and the endpoint of a node. It
 * carries messages of either era and understands just enough of them: which request an answer is for, which revision of
 * the protocol a session has, and what is cancelled. When the node has started again, a session of an older revision is
 * begun again with the words in which the host began it.
 */
import type { Clock } from '@hansa/protocols'
import {
  isInitializeRequest,
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCErrorResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type JSONRPCResultResponse,
  PROTOCOL_VERSION_META_KEY,
  type RequestId,
  SdkHttpError,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { pause } from '../pause.ts'
import { ControlClientError } from './control-client.ts'
import type { McpPlace } from './mcp-place.ts'

/** Milliseconds for which a node that cannot be reached is looked for, before a request is answered with that. */
const LOOK_FOR_MS = 20_000
const LOOK_EVERY_MS = 500
/** Milliseconds that open requests have when the host says nothing more. */
const FINISH_WITHIN_MS = 10_000
/** JSON-RPC: an internal error; MCP has no code for a server that is away. */
const AWAY = -32_603

const reconnectionOptions = {
  initialReconnectionDelay: 1_000,
  reconnectionDelayGrowFactor: 1.5,
  maxReconnectionDelay: 30_000,
  maxRetries: Number.MAX_SAFE_INTEGER,
}

export type McpBridgeComponents = {
  place: McpPlace
  clock: Clock
  /** To the host. */
  write(message: JSONRPCMessage): void
}

type Open = { abort: AbortController; modern: boolean; stream: boolean; ended(): void; answered: Promise<void> }

export class McpBridge {
  readonly #c: McpBridgeComponents
  readonly #transport: StreamableHTTPClientTransport
  readonly #open = new Map<RequestId, Open>()
  /** What the host began its session with. */
  #initialize: JSONRPCRequest | undefined
  #beginning: Promise<void> | undefined
  #begun: { id: RequestId; resolve(): void; reject(error: Error): void } | undefined

  constructor(components: McpBridgeComponents) {
    const { place } = components
    this.#c = components
    this.#transport = new StreamableHTTPClientTransport(place.url, { fetch: place.fetch, reconnectionOptions })
    this.#transport.onmessage = (message) => this.#fromNode(message)
  }

  start(): Promise<void> {
    return this.#transport.start()
  }

  /** A message of the host. */
  fromHost(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) this.#request(message)
    else if (!this.#cancels(message)) void this.#send(message, undefined).catch(() => {})
  }

  /** The host says nothing more: what is open has a while to be answered, and the session ends. */
  async close(): Promise<void> {
    for (const [id, open] of this.#open) if (open.stream) this.#end(id, open)
    const answered = [...this.#open.values()].map((open) => open.answered)
    await Promise.race([Promise.all(answered), pause(this.#c.clock, FINISH_WITHIN_MS)])
    for (const [id, open] of this.#open) this.#end(id, open)
    await Promise.race([this.#transport.terminateSession().catch(() => {}), pause(this.#c.clock, LOOK_EVERY_MS)])
    await this.#transport.close()
  }

  /** In the revision 2026-07-28 the end of a response is what cancels it. */
  #cancels(message: JSONRPCMessage): boolean {
    if (!isJSONRPCNotification(message) || message.method !== 'notifications/cancelled') return false
    const id = message.params?.requestId as RequestId
    const open = this.#open.get(id)
    if (open?.modern !== true) return false
    this.#end(id, open)
    return true
  }

  #request(message: JSONRPCRequest): void {
    if (isInitializeRequest(message)) this.#initialize = message
    const { promise, resolve } = Promise.withResolvers<void>()
    const open: Open = {
      abort: new AbortController(),
      modern: typeof message.params?._meta?.[PROTOCOL_VERSION_META_KEY] === 'string',
      stream: message.method === 'subscriptions/listen',
      ended: resolve,
      answered: promise,
    }
    this.#open.set(message.id, open)
    this.#send(message, open).catch((error: unknown) => this.#answer(message.id, faultOf(error, this.#c.place)))
  }

  /** Only what surely did not arrive is sent again. */
  async #send(message: JSONRPCMessage, open: Open | undefined): Promise<void> {
    const signal = open?.abort.signal
    const { clock } = this.#c
    const untilMs = clock.now() + LOOK_FOR_MS
    let renewed = false
    for (;;) {
      await this.#beginning
      try {
        return await this.#transport.send(message, this.#optionsOf(message, signal))
      } catch (error) {
        if (signal?.aborted === true) return
        if (isAway(error) && clock.now() < untilMs) await pause(clock, LOOK_EVERY_MS, signal)
        else if (isForgotten(error) && open?.modern !== true && this.#initialize !== undefined && !renewed) {
          renewed = true
          this.#begin(this.#initialize)
        } else throw error
      }
    }
  }

  #optionsOf(message: JSONRPCMessage, requestSignal: AbortSignal | undefined) {
    if (requestSignal === undefined || !isJSONRPCRequest(message)) return {}
    const lost = 'The connection to the node ended before the answer. Whether it acted is not known.'
    return { requestSignal, onRequestStreamEnd: () => this.#answer(message.id, { code: AWAY, message: lost }) }
  }

  #begin(initialize: JSONRPCRequest): void {
    this.#beginning ??= this.#beginAgain(initialize).finally(() => {
      this.#beginning = undefined
    })
    // Whoever waits for it is told; perhaps nobody does.
    this.#beginning.catch(() => {})
  }

  async #beginAgain(initialize: JSONRPCRequest): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const id = `hansa-${this.#c.clock.now()}`
    this.#begun = { id, resolve, reject }
    await this.#transport.send({ ...initialize, id })
    await promise
    await this.#transport.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
  }

  #fromNode(message: JSONRPCMessage): void {
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) this.#answered(message)
    else this.#c.write(message)
  }

  #answered(answer: JSONRPCResultResponse | JSONRPCErrorResponse): void {
    const { id } = answer
    if (id === undefined) return
    const begun = this.#begun
    const version = 'result' in answer ? answer.result.protocolVersion : undefined
    if ((id === this.#initialize?.id || id === begun?.id) && typeof version === 'string')
      this.#transport.setProtocolVersion(version)
    if (begun !== undefined && id === begun.id) {
      this.#begun = undefined
      if ('result' in answer) begun.resolve()
      else begun.reject(new Error(answer.error.message))
      return
    }
    const open = this.#open.get(id)
    if (open === undefined) return
    this.#open.delete(id)
    this.#c.write(answer)
    open.ended()
  }

  #answer(id: RequestId, error: { code: number; message: string; data?: unknown }): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    this.#open.delete(id)
    this.#c.write({ jsonrpc: '2.0', id, error })
    open.ended()
  }

  #end(id: RequestId, open: Open): void {
    this.#open.delete(id)
    open.abort.abort(new Error('cancelled'))
    open.ended()
  }
}

/** Nobody listens there: nothing was sent. */
function isAway(error: unknown): boolean {
  if (error instanceof ControlClientError) return error.detail.code === 'node_not_running'
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return code === 'ECONNREFUSED' || code === 'ENOENT'
}

/** The node does not know the session: it has started again, or nothing was asked for long. */
function isForgotten(error: unknown): boolean {
  return error instanceof SdkHttpError && error.status === 404
}

function faultOf(error: unknown, { name }: McpPlace): { code: number; message: string; data?: unknown } {
  if (error instanceof SdkHttpError) return faultOfStatus(error, name)
  if (isAway(error)) return { code: AWAY, message: `${name} cannot be reached. Start it with: hansa up` }
  return { code: AWAY, message: error instanceof ControlClientError ? error.message : `${name} did not answer.` }
}

function faultOfStatus(
  { status, data }: SdkHttpError,
  name: string,
): { code: number; message: string; data?: unknown } {
  if (status === 401)
    return { code: AWAY, message: `${name} does not take what was shown. Make a credential with: hansa agent add NAME` }
  const { code, message, data: more } = errorIn(typeof data.text === 'string' ? data.text : '')
  const said = message === undefined ? `${name} answered with status ${status}.` : message
  return { code: code ?? AWAY, message: said, ...(more === undefined ? {} : { data: more }) }
}

function errorIn(text: string): { code?: number; message?: string; data?: unknown } {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown; data?: unknown } }
    return {
      ...(typeof error?.code === 'number' ? { code: error.code } : {}),
      ...(typeof error?.message === 'string' ? { message: error.message } : {}),
      ...(error?.data === undefined ? {} : { data: error.data }),
    }
  } catch {
    return {}
  }
}

/** Speaks to the control interface of a node: one request and its answer, or a stream of lines. */
import {
  CallError,
  type CallErrorDetail,
  type ControlMethod,
  type ControlResult,
  controlErrorSchema,
  controlPaths,
  isCode,
} from '@hansa/protocols'
import { Client, type Dispatcher, Pool } from 'undici'
import type { ControlAddress, TokenFrom } from './control-address.ts'
import { ConnectError } from './errors.ts'

export type RequestInit = {
  signal?: AbortSignal
  /** Milliseconds for the answer to begin. @default 60_000 */
  answerWithinMs?: number
  /** Whether the request may have acted even when its answer is lost. @default false */
  acts?: boolean
}

/** Milliseconds for methods that only look or note something. */
const ANSWER_WITHIN_MS = 60_000
/** Milliseconds without a line before a stream counts as dead: three pings of the node. */
const STREAM_SILENCE_MS = 45_000

/** A connection to one node; many requests share it. */
export class ControlClient implements AsyncDisposable {
  readonly #address: ControlAddress
  readonly #pool: Pool
  readonly #closing = new AbortController()

  constructor(address: ControlAddress) {
    this.#address = address
    this.#pool = new Pool(address.origin, connectOptions(address))
  }

  /** Aborted when the client was disposed of. */
  get closed(): AbortSignal {
    return this.#closing.signal
  }

  /** @throws CallError with the code of the node, ConnectError */
  call<M extends ControlMethod>(method: M, params: object, init: RequestInit = {}): Promise<ControlResult<M>> {
    return this.post(controlPaths.method + method, params, init) as Promise<ControlResult<M>>
  }

  /** @throws CallError `invalid_request` for what is not JSON, or with the code of the node; ConnectError */
  async post(path: string, body: object, init: RequestInit = {}): Promise<unknown> {
    const { signal, answerWithinMs = ANSWER_WITHIN_MS, acts = false } = init
    const request = await this.#request(path, body, { headersTimeout: answerWithinMs, ...(signal && { signal }) })
    try {
      return await this.#answer(await this.#pool.request(request))
    } catch (error) {
      throw isOurs(error) ? error : this.#failure(error, { acts, cancelled: signal?.aborted === true })
    }
  }

  /**
   * Opens a stream of JSON lines on a connection of its own.
   * @param signal ends it
   * @returns the lines; the iteration ends when the node ends the stream, and throws when the connection is lost.
   */
  async lines(path: string, body: object, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
    const client = new Client(this.#address.origin, connectOptions(this.#address))
    try {
      const request = await this.#request(path, body, {
        headersTimeout: ANSWER_WITHIN_MS,
        bodyTimeout: STREAM_SILENCE_MS,
        signal,
      })
      const response = await client.request(request)
      if (response.statusCode === 200) return this.#lines(jsonLines(response.body, client), signal)
      await this.#answer(response)
      throw this.#notANode()
    } catch (error) {
      client.destroy().catch(() => {})
      throw isOurs(error) ? error : this.#failure(error, { acts: false, cancelled: signal.aborted })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#pool.destroy()
  }

  async *#lines(lines: AsyncIterable<unknown>, signal: AbortSignal): AsyncGenerator<unknown> {
    try {
      yield* lines
    } catch (error) {
      throw this.#failure(error, { acts: false, cancelled: signal.aborted })
    }
  }

  async #request(
    path: string,
    body: object,
    options: Partial<Dispatcher.RequestOptions>,
  ): Promise<Dispatcher.RequestOptions> {
    if (this.closed.aborted) {
      throw new ConnectError({ code: 'closed', url: this.#address.url }, 'This client was disposed of: connect again.')
    }
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    const { bearer } = this.#address
    const shown = bearer?.kind === 'issued' ? await this.#issued(bearer.from) : bearer?.text
    if (shown !== undefined) headers.authorization = `Bearer ${shown}`
    return { path, method: 'POST', headers, body: jsonText(body), bodyTimeout: ANSWER_WITHIN_MS, ...options }
  }

  async #issued(from: TokenFrom): Promise<string> {
    const { url } = this.#address
    const token = await (async () => from())().catch((error: unknown) => {
      throw new ConnectError({ code: 'token_missing', url }, 'tokenFrom failed: see its cause.', { cause: error })
    })
    const text = typeof token === 'string' ? token.trim() : ''
    if (/^[\w.-]{1,16384}$/.test(text)) return text
    throw new ConnectError({ code: 'token_missing', url }, 'tokenFrom gave nothing that is a token.')
  }

  async #answer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<unknown> {
    const answer = parsed(await body.text())
    if (answer === undefined) throw this.#notANode()
    if (statusCode === 200) return answer.value
    const fault = controlErrorSchema.safeParse(answer.value)
    if (!fault.success || !isCode(fault.data.error.code)) throw this.#notANode()
    // The interface itself asks for a token; a call whose own token was rejected carries no such header.
    if (headers['www-authenticate'] !== undefined) throw this.#notPermitted(this.#rejected())
    const { message, ...detail } = fault.data.error
    throw new CallError(detail as CallErrorDetail, message)
  }

  #failure(error: unknown, { acts, cancelled }: { acts: boolean; cancelled: boolean }): ConnectError | CallError {
    const { url } = this.#address
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOENT' || code === 'ECONNREFUSED') {
      const message = `No node is running at ${url}: start one with \`hansa up\`, or pass the URL of its control interface.`
      return new ConnectError({ code: 'node_not_running', url }, message, { cause: error })
    }
    if (code === 'EACCES' || code === 'EPERM') return this.#notPermitted('the socket belongs to someone else', error)
    if (code.startsWith('HPE_')) return this.#notANode()
    if (acts) return new CallError({ code: 'outcome_unknown' }, undefined, { cause: error })
    if (cancelled) return new CallError({ code: 'deadline' }, 'deadline: the caller cancelled.', { cause: error })
    const message = `The connection to the node at ${url} was lost before its answer: see whether it still runs.`
    return new ConnectError({ code: 'connection_lost', url }, message, { cause: error })
  }

  #rejected(): string {
    if (this.#address.bearer?.kind === 'issued')
      return 'it does not take the token; its operator sees why with `hansa issuer check NAME --token @FILE`'
    if (this.#address.bearer?.kind !== 'credential') {
      return 'it does not accept the control token; use the one of its own home directory'
    }
    return 'it does not know the credential, or knows it no longer; `hansa agent list` shows its agents'
  }

  #notPermitted(reason: string, cause?: unknown): ConnectError {
    const { url } = this.#address
    return new ConnectError({ code: 'not_permitted', url }, `The node at ${url} cannot be used: ${reason}.`, { cause })
  }

  #notANode(): ConnectError {
    const { url } = this.#address
    const message = `What answers at ${url} is not the control interface of a node: check the path or the port.`
    return new ConnectError({ code: 'not_a_node', url }, message)
  }
}

function isOurs(error: unknown): error is CallError | ConnectError {
  return error instanceof CallError || error instanceof ConnectError
}

function connectOptions({ socketPath }: ControlAddress): { socketPath?: string } {
  return socketPath === undefined ? {} : { socketPath }
}

function jsonText(body: object): string {
  try {
    return JSON.stringify(body)
  } catch (error) {
    throw new CallError({ code: 'invalid_request' }, 'invalid_request: the arguments are not JSON.', { cause: error })
  }
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

async function* jsonLines(body: AsyncIterable<Uint8Array>, client: Client): AsyncGenerator<unknown> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  try {
    for await (const chunk of body) {
      const pieces = decoder.decode(chunk, { stream: true }).split('\n')
      pieces[0] = rest + pieces[0]
      rest = pieces.pop() ?? ''
      for (const line of pieces) if (line !== '') yield JSON.parse(line)
    }
  } finally {
    client.destroy().catch(() => {})
  }
}

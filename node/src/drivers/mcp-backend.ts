/**
 * One connection to one MCP server, shared by the drivers of everything it offers.
 *
 * It is opened by the first call and opened again by the next call after it was lost, with a growing pause while
 * nothing succeeds. The revision of the protocol is negotiated with each server, because it is a property of that
 * server. The client declares no abilities: a server that asks for input, sampling or roots gets none.
 */
import type { Clock, EventLogger } from '@hansa/protocols'
import { type CallToolResult, Client, type Tool } from '@modelcontextprotocol/client'
import type { Dispatcher } from 'undici'
import { VERSION } from '../version.ts'
import { reasonOf } from './driver.ts'
import { DriverError } from './errors.ts'
import { isLost, lossOf, mcpFailure } from './mcp-failure.ts'
import { type McpChannel, type McpConnection, mcpChannel } from './mcp-transport.ts'

/** What a server listed, and when: another revision may list something else. */
export type McpTools = { tools: Tool[]; revision: number }

/** The connection that a call is about to use. */
export interface McpServerView {
  readonly revision: number
  /** @throws DriverError */
  list(): Promise<McpTools>
}

export interface McpBackend extends AsyncDisposable {
  /** Rises with every connection, and whenever the server says that its list has changed. */
  readonly revision: number
  /**
   * As `list`, with the revision that it belongs to.
   * @throws DriverError
   */
  look(signal?: AbortSignal): Promise<McpTools>
  /**
   * Everything the server offers, all pages.
   * @throws DriverError
   */
  list(signal?: AbortSignal): Promise<Tool[]>
  /**
   * @param tool as `list` gave it when the capability was registered
   * @param init.began called once the connection stands and just before the request leaves
   * @throws DriverError
   */
  call(tool: Tool, args: Record<string, unknown>, init: McpCallInit): Promise<CallToolResult>
}

export type McpCallInit = {
  signal: AbortSignal
  began(): void
  /** Asked before anything leaves, on the very connection that the call would use; what it throws ends the call. */
  confirm?(server: McpServerView): Promise<void>
}

export type McpBackendInit = {
  /** For the log. */
  name: string
  connection: McpConnection
  /** The server says that its list has changed. */
  changed?(): void
}

export type McpBackendComponents = {
  clock: Clock
  logger: EventLogger
  /** Carries Streamable HTTP; whoever passes it in decides which addresses may be reached. */
  dispatcher: Dispatcher
}

/** Milliseconds for a server to start and say which revision it speaks. Package runners take their time. */
const CONNECT_TIMEOUT_MS = 30_000
/** Milliseconds before a silent child counts as one of the 2025 revisions, which do not know the question. */
const PROBE_TIMEOUT_MS = 10_000
/** Milliseconds; the largest deadline that a call can have, so that the call's own signal always comes first. */
const CALL_TIMEOUT_MS = 600_000
/** Milliseconds of pause after the second failure in a row; it doubles with each further one. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/** @returns a backend that is not connected yet. */
export function mcpBackend(init: McpBackendInit): (components: McpBackendComponents) => McpBackend {
  return (components) => new Backend(init, components)
}

class Backend implements McpBackend {
  readonly #init: McpBackendInit
  readonly #components: McpBackendComponents
  #client: Client | undefined
  #connecting: Promise<Client> | undefined
  /** Losses and failed attempts since a call last succeeded. */
  #failures = 0
  /** Unix milliseconds before which no attempt is made. */
  #notBefore = 0
  #closed = false
  #revision = 0

  constructor(init: McpBackendInit, components: McpBackendComponents) {
    this.#init = init
    this.#components = components
  }

  get revision(): number {
    return this.#revision
  }

  async list(signal?: AbortSignal): Promise<Tool[]> {
    return (await this.look(signal)).tools
  }

  async look(signal?: AbortSignal): Promise<McpTools> {
    return this.#lookAt(await this.#connected(signal), signal)
  }

  async #lookAt(client: Client, signal?: AbortSignal): Promise<McpTools> {
    // Before the question: what changes meanwhile is looked at again.
    const revision = this.#revision
    if (client.getServerCapabilities()?.tools === undefined) {
      throw new DriverError({ code: 'backend_failed', began: false, reason: 'the server offers nothing to call' })
    }
    const timeout = { timeout: CONNECT_TIMEOUT_MS, ...(signal !== undefined && { signal }) }
    const { tools } = await this.#attempt(client, () =>
      client.listTools(undefined, { ...timeout, cacheMode: 'refresh' }),
    )
    return { tools, revision }
  }

  async call(
    tool: Tool,
    args: Record<string, unknown>,
    { signal, began, confirm }: McpCallInit,
  ): Promise<CallToolResult> {
    const client = await this.#connected(signal)
    await confirm?.({ revision: this.#revision, list: () => this.#lookAt(client, signal) })
    signal.throwIfAborted()
    began()
    // Without its output schema: results are checked by the firewall, and a stranger's `pattern` must not run on the
    // backtracking engine of the client's own check.
    const { outputSchema: _unchecked, ...toolDefinition } = tool
    const options = { signal, timeout: CALL_TIMEOUT_MS, toolDefinition }
    return this.#attempt(client, () => client.callTool({ name: tool.name, arguments: args }, options))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    const client = this.#client ?? (await this.#connecting?.catch(() => undefined))
    this.#client = undefined
    await client?.close()
  }

  async #attempt<T>(client: Client, request: () => Promise<T>): Promise<T> {
    try {
      const result = await request()
      this.#failures = 0
      return result
    } catch (error) {
      if (isLost(error)) this.#lose(client, lossOf(error))
      throw mcpFailure(error)
    }
  }

  async #connected(signal: AbortSignal | undefined): Promise<Client> {
    if (this.#closed)
      throw new DriverError({ code: 'driver_closed', began: false, reason: 'the backend was disposed of' })
    if (this.#client !== undefined) return this.#client
    const pause = this.#notBefore - this.#components.clock.now()
    if (this.#connecting === undefined && pause > 0) throw gone(`it failed before; the next attempt is in ${pause} ms`)
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined
    })
    const client = await this.#connecting
    // Whoever cancelled while the connection was made must not find that the call was made after all.
    signal?.throwIfAborted()
    return client
  }

  async #connect(): Promise<Client> {
    const { connection, name } = this.#init
    const client = newClient(() => {
      this.#revision += 1
      this.#init.changed?.()
    })
    const channel = this.#channel(connection)
    client.onclose = () => this.#lose(client, 'the connection was closed')
    try {
      await client.connect(channel.transport, { timeout: CONNECT_TIMEOUT_MS })
    } catch (error) {
      const reason = [reasonOf(error), channel.complaint()].filter((text) => text !== '').join(': ')
      this.#pauseAfterFailure()
      this.#components.logger.warn('mcp.unreachable', { backend: name, reason })
      await client.close().catch(() => {})
      throw gone(reason, error)
    }
    this.#client = client
    this.#revision += 1
    this.#components.logger.info('mcp.connected', {
      backend: name,
      revision: client.getNegotiatedProtocolVersion(),
    })
    return client
  }

  #channel(connection: McpConnection): McpChannel {
    try {
      return mcpChannel(connection, this.#components.dispatcher)
    } catch (error) {
      throw gone(reasonOf(error), error)
    }
  }

  /** Forgets a connection, so that the next call makes another. */
  #lose(client: Client, reason: string): void {
    if (this.#client !== client) return
    this.#client = undefined
    if (this.#closed) return
    this.#pauseAfterFailure()
    this.#components.logger.warn('mcp.lost', { backend: this.#init.name, reason })
    client.close().catch(() => {})
  }

  /** The first failure costs no pause: a server that was restarted answers at once. */
  #pauseAfterFailure(): void {
    const pause = this.#failures === 0 ? 0 : FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 8)
    this.#notBefore = this.#components.clock.now() + Math.min(pause, LONGEST_PAUSE_MS)
    this.#failures += 1
  }
}

function newClient(listChanged: () => void): Client {
  return new Client(
    { name: 'hansa', version: VERSION },
    {
      versionNegotiation: { mode: 'auto', probe: { timeoutMs: PROBE_TIMEOUT_MS } },
      inputRequired: { autoFulfill: false },
      listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: listChanged } },
    },
  )
}

function gone(reason: string, cause?: unknown): DriverError {
  return new DriverError({ code: 'backend_gone', began: false, reason: reason.slice(0, 2560) }, { cause })
}

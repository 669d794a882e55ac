/**
 * One open connection to an MCP server. Which revision it speaks is settled when it opens: in 2026 each request says what
 * its caller can be asked, and what the server asks is its answer; in 2025 the connection says it once, and the server
 * asks in between. Then nothing on the wire says for which request it asks, so that a connection that can be asked serves
 * one request at a time.
 */
import type { InputMethod } from '@hansa/protocols'
import {
  CLIENT_CAPABILITIES_META_KEY,
  Client,
  isInputRequiredResult,
  LOG_LEVEL_META_KEY,
  type McpSubscription,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
} from '@modelcontextprotocol/client'
import { VERSION } from '../version.ts'
import { abilitiesOf, mcpInputMethods } from './mcp-abilities.ts'
import { type McpNoteSink, McpNotes, progressNote } from './mcp-notes.ts'
import type { McpOffered, McpResources } from './mcp-offered.ts'
import type { McpPushedCall } from './mcp-pushed-call.ts'
import type { McpRequest } from './mcp-request.ts'
import type { McpChannel } from './mcp-transport.ts'

/** Milliseconds for a server to start and say which revision it speaks. Package runners take their time. */
export const CONNECT_TIMEOUT_MS = 30_000
/** Milliseconds before a silent child counts as one of the 2025 revisions, which do not know the question. */
const PROBE_TIMEOUT_MS = 10_000
/** Milliseconds; the largest deadline that a call can have, so that the call's own signal always comes first. */
const CALL_TIMEOUT_MS = 600_000

export type McpLinkInit = {
  /** What a server of the 2025 revisions may ask on this connection. */
  abilities: readonly InputMethod[]
  channel: McpChannel
  listChanged(): void
  closed(): void
}

export type McpAsk = {
  signal: AbortSignal
  abilities: readonly InputMethod[]
  note: McpNoteSink
  /** In 2026: what an earlier request was answered with, and what the caller says to it. */
  continued?: { requestState?: string | undefined; inputResponses?: Record<string, unknown> }
}

/** As the library read it. */
export type McpQuestion = { method: string; params?: object | undefined }

export type McpAnswer =
  | { kind: 'result'; result: unknown }
  | {
      kind: 'asked'
      inputRequests?: Readonly<Record<string, McpQuestion>> | undefined
      requestState?: string | undefined
    }

export class McpLink {
  readonly abilities: readonly InputMethod[]
  readonly #client: Client
  readonly #notes = new McpNotes()
  readonly #subscriptions = new Map<string, Promise<McpSubscription | undefined>>()
  readonly #gone = Promise.withResolvers<never>()
  /** Whoever the server asks, in 2025. */
  #asked: McpPushedCall | undefined

  private constructor(client: Client, abilities: readonly InputMethod[]) {
    this.#client = client
    this.abilities = abilities
  }

  /** @throws whatever the library throws. */
  static async open({ abilities, channel, listChanged, closed }: McpLinkInit): Promise<McpLink> {
    const client = newClient(abilities, listChanged)
    const link = new McpLink(client, abilities)
    link.#listen()
    link.#gone.promise.catch(() => {})
    client.onclose = () => {
      link.#gone.reject(lost('the connection was closed'))
      closed()
    }
    try {
      await client.connect(channel.transport, { timeout: CONNECT_TIMEOUT_MS })
      await link.#askForLogs()
    } catch (error) {
      await client.close().catch(() => {})
      throw error
    }
    return link
  }

  get isModern(): boolean {
    return this.#client.getProtocolEra() === 'modern'
  }

  get protocolRevision(): string | undefined {
    return this.#client.getNegotiatedProtocolVersion()
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** All pages of everything; undefined when the server offers nothing. */
  async offered(signal?: AbortSignal): Promise<McpOffered | undefined> {
    const { tools, prompts, resources, completions } = this.#client.getServerCapabilities() ?? {}
    if (tools === undefined && prompts === undefined && resources === undefined) return undefined
    const options = { timeout: CONNECT_TIMEOUT_MS, cacheMode: 'refresh', ...(signal && { signal }) } as const
    const params = this.isModern
      ? { _meta: { [CLIENT_CAPABILITIES_META_KEY]: abilitiesOf(this.abilities) } }
      : undefined
    const templates = async () =>
      resources === undefined ? [] : (await this.#client.listResourceTemplates(params, options)).resourceTemplates
    const made: Omit<McpResources, 'templates'> = {
      resources: resources !== undefined,
      subscribe: resources?.subscribe === true,
      completions: completions !== undefined,
    }
    return {
      tools: tools === undefined ? [] : (await this.#client.listTools(params, options)).tools,
      prompts: prompts === undefined ? [] : (await this.#client.listPrompts(params, options)).prompts,
      ...(made.resources || made.completions
        ? { resources: { ...made, templates: await templates().catch(noneWhereUnknown) } }
        : {}),
    }
  }

  /** Asks the server, and hands what it asks in between to `pushed`. */
  async ask(request: McpRequest, ask: McpAsk, pushed?: McpPushedCall): Promise<McpAnswer> {
    const done = this.#notes.open(ask.note)
    if (pushed !== undefined) this.#asked = pushed
    try {
      const result = await this.#send(request, ask)
      if (!isInputRequiredResult(result)) return { kind: 'result', result }
      return { kind: 'asked', inputRequests: result.inputRequests, requestState: result.requestState }
    } finally {
      done()
      if (pushed !== undefined) this.#asked = undefined
    }
  }

  /** Says when the server has confirmed, by a progress of 0, and then `updated` of the resource until the signal aborts. @throws whatever the library throws. */
  async watch(uri: string, note: McpNoteSink, signal: AbortSignal): Promise<void> {
    const watching = this.#notes.watch(uri, note)
    const ended = Promise.withResolvers<void>()
    const end = () => ended.resolve()
    signal.addEventListener('abort', end, { once: true })
    try {
      if (watching.first) this.#subscriptions.set(uri, this.#subscribe(uri))
      const subscription = await this.#subscriptions.get(uri)
      note({ type: 'progress', progress: 0 })
      void subscription?.closed.then(() => ended.reject(lost('the server ended the subscription')))
      if (signal.aborted) end()
      await Promise.race([ended.promise, this.#gone.promise])
    } finally {
      signal.removeEventListener('abort', end)
      if (watching.end()) await this.#unsubscribe(uri)
    }
  }

  #send(request: McpRequest, { signal, abilities, note, continued }: McpAsk): Promise<unknown> {
    const { method, params } = request
    const options = {
      signal,
      timeout: CALL_TIMEOUT_MS,
      allowInputRequired: true,
      onprogress: (progress: Parameters<typeof progressNote>[0]) => note(progressNote(progress)),
    }
    const own = this.isModern
      ? { _meta: { [CLIENT_CAPABILITIES_META_KEY]: abilitiesOf(abilities), [LOG_LEVEL_META_KEY]: 'debug' as const } }
      : {}
    const sent = { ...params, ...present(continued ?? {}), ...own }
    if (request.method !== 'tools/call') return this.#client.request({ method, params: sent }, options)
    // Without its output schema: results are checked by the firewall, and a stranger's `pattern` must not run on the
    // backtracking engine of the client's own check.
    const { outputSchema: _unchecked, ...toolDefinition } = request.tool
    return this.#client.callTool({ ...request.params, ...sent }, { ...options, toolDefinition })
  }

  async #subscribe(uri: string): Promise<McpSubscription | undefined> {
    const timeout = { timeout: CONNECT_TIMEOUT_MS }
    if (this.isModern) return this.#client.listen({ resourceSubscriptions: [uri] }, timeout)
    await this.#client.subscribeResource({ uri }, timeout)
    return undefined
  }

  async #unsubscribe(uri: string): Promise<void> {
    const subscription = this.#subscriptions.get(uri)
    this.#subscriptions.delete(uri)
    const open = await subscription?.catch(() => undefined)
    const ended = open === undefined ? this.#client.unsubscribeResource({ uri }) : open.close()
    await ended.catch(() => {})
  }

  #listen(): void {
    this.#client.setNotificationHandler('notifications/message', (said) => this.#notes.said(said))
    this.#client.setNotificationHandler('notifications/resources/updated', ({ params }) =>
      this.#notes.updated(params.uri),
    )
    for (const method of mcpInputMethods.filter((one) => this.abilities.includes(one)))
      this.#client.setRequestHandler(method, async ({ params }, { mcpReq }) => {
        if (this.#asked === undefined)
          throw new ProtocolError(ProtocolErrorCode.InvalidRequest, 'nobody here can be asked now')
        return (await this.#asked.ask(method, { ...params }, mcpReq.signal)) as never
      })
  }

  /** A server of 2025 says its log to the whole connection, from the level that the client names once. */
  async #askForLogs(): Promise<void> {
    if (this.isModern || this.#client.getServerCapabilities()?.logging === undefined) return
    await this.#client.setLoggingLevel('debug', { timeout: CONNECT_TIMEOUT_MS }).catch(() => {})
  }
}

function newClient(abilities: readonly InputMethod[], onChanged: () => void): Client {
  const changed = { autoRefresh: false, debounceMs: 0, onChanged } as const
  return new Client(
    { name: 'hansa', version: VERSION },
    {
      capabilities: abilitiesOf(abilities),
      versionNegotiation: { mode: 'auto', probe: { timeoutMs: PROBE_TIMEOUT_MS } },
      inputRequired: { autoFulfill: false },
      listChanged: { tools: changed, prompts: changed, resources: changed },
    },
  )
}

function lost(how: string): SdkError {
  return new SdkError(SdkErrorCode.ConnectionClosed, how)
}

/** Servers have resources without templates, and then often do not know the question. */
function noneWhereUnknown(error: unknown): [] {
  if (ProtocolError.isInstance(error) && error.code === ProtocolErrorCode.MethodNotFound) return []
  throw error
}

/** Without the members that are undefined. */
function present<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>
}

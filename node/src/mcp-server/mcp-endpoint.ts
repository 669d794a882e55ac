/**
 * MCP where agents and the operator connect: `/mcp`, for the revision 2026-07-28, of which each request stands for itself,
 * and for the older ones with their sessions. Who asks is known before anything here runs; a body is read as strict JSON,
 * once, and no header decides what it does not say too.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { CallError, type Clock, type EventLogger, MAX_ARGUMENT_BYTES } from '@hansa/protocols'
import { isObject } from '@hansa/trust'
import { toNodeHandler } from '@modelcontextprotocol/node'
import {
  type AuthInfo,
  createMcpHandler,
  isJsonContentType,
  isLegacyRequest,
  isSpecType,
  type McpHttpHandler,
  type McpRequestContext,
  type Server,
} from '@modelcontextprotocol/server'
import { readJson } from '../control/control-request.ts'
import type { ControlledKernel } from '../control/controlled-kernel.ts'
import type { Visit } from '../control/mount.ts'
import { passedOver } from '../control/passed-over.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import { type Calling, callingAs } from './calling.ts'
import { GovernedCalls } from './governed-calls.ts'
import { HeldChanges } from './held-changes.ts'
import { type KernelServerComponents, kernelServer } from './kernel-server.ts'
import { listenBus } from './listen-bus.ts'
import { ListingWatch } from './listing-watch.ts'
import { McpSessions, type SessionServer } from './mcp-sessions.ts'
import type { McpSettings } from './mcp-settings.ts'
import { OpenListings } from './open-listings.ts'
import { baseOf, insufficientScope, isMetadataPath, resourceMetadata } from './resource-metadata.ts'
import { ResourcePlaces } from './resource-places.ts'
import { serveSubscriptions } from './resource-subscriptions.ts'
import { lacksScope } from './scope-challenge.ts'

/** Bytes of the body of one request: arguments, answers to what was asked, and room for the rest. */
export const MAX_MCP_BODY_BYTES = 2 * MAX_ARGUMENT_BYTES + 65_536
const ALLOWED = ['POST', 'GET', 'DELETE']

export type McpSeen = {
  /** Of MCP; `other` for one that is not known, and for what is no request. */
  method: string
  era: '2026' | '2025'
  /** Of HTTP. */
  status: number
}

export type McpEndpointComponents = {
  kernel: ControlledKernel
  clock: Clock
  logger: EventLogger
  /** Of the kernel, for people. */
  name: string
  settings: McpSettings
  /** @default not looked at */
  observer?: McpObserver
}

/** Must not throw. */
export interface McpObserver {
  request(seen: McpSeen): void
  /** @param open sessions of older revisions */
  sessions(open: number): void
}

export class McpEndpoint implements AsyncDisposable {
  readonly #c: McpEndpointComponents
  readonly #stops = new AbortController()
  readonly #listings: OpenListings
  readonly #watch: ListingWatch
  readonly #servers: KernelServerComponents
  readonly #sessions: McpSessions
  readonly #modern: McpHttpHandler

  constructor(components: McpEndpointComponents) {
    const { kernel, clock, settings, name } = components
    const { pageSize, primary } = settings
    this.#c = components
    this.#listings = new OpenListings(kernel, settings)
    this.#watch = new ListingWatch({ listings: this.#listings, clock, failed: this.#failed })
    this.#servers = {
      calls: new GovernedCalls({ kernel, clock, deadlineMs: settings.deadlineMs }),
      listings: this.#listings,
      ...{ name, did: kernel.did, pageSize, passedOver: this.#failed },
      ...(primary === undefined ? {} : { primary }),
    }
    const counted = (open: number) => components.observer?.sessions(open)
    this.#sessions = new McpSessions({ clock, make: this.#makeForSession, failed: this.#failed, counted })
    this.#modern = createMcpHandler(this.#makeForRequest, this.#options)
  }

  async handle(request: IncomingMessage, response: ServerResponse, visit: Visit): Promise<void> {
    const { caller, path, base, principal, signal, share } = visit
    const cut = () => response.destroy()
    signal.addEventListener('abort', cut, { once: true })
    response.once('close', () => signal.removeEventListener('abort', cut))
    if (caller === undefined || isMetadataPath(path)) return this.#metadata(request, response, base)
    if (!ALLOWED.includes(request.method ?? '')) return refuse(response, 405, -32_000, 'Method not allowed.')
    const calling = callingAs(caller, principal, this.#stops.signal)
    if (request.method !== 'POST') return this.#serve(request, response, calling, undefined)
    const read = await this.#read(request, share)
    if (!read.ok) return refuse(response, read.status, read.code, read.message)
    const lacking = await lacksScope(read.value, calling, this.#listings)
    if (lacking !== undefined) {
      response.setHeader('www-authenticate', insufficientScope(this.#base(base), lacking))
      return refuse(response, 403, -32_000, `Forbidden: what is shown does not cover ${lacking}.`)
    }
    return this.#serve(request, response, calling, read.value)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stops.abort(new Error('the node is stopping'))
    await Promise.all([this.#modern.close(), this.#sessions[Symbol.asyncDispose]()])
  }

  async #serve(request: IncomingMessage, response: ServerResponse, calling: Calling, body: unknown): Promise<void> {
    const fetch = (asked: Request) => this.#answer(calling, asked, body)
    const serve = toNodeHandler({ fetch }, { onerror: this.#failed })
    // Method and target of a request that was received are there.
    await serve(request as IncomingMessage & { method: string; url: string }, response, body)
  }

  async #answer(calling: Calling, request: Request, body: unknown): Promise<Response> {
    const legacy = await isLegacyRequest(request, body)
    const response = await (legacy
      ? this.#sessions.answer(calling, request, body)
      : this.#modernFor(calling, body).fetch(request, { parsedBody: body, authInfo: authInfoOf(calling) }))
    this.#c.observer?.request({ method: methodOf(body), era: legacy ? '2025' : '2026', status: response.status })
    return response
  }

  /** Who listens hears of its own lists and resources, so it has a handler of its own. */
  #modernFor(calling: Calling, body: unknown): Pick<McpHttpHandler, 'fetch'> {
    if (!isSpecType.SubscriptionsListenRequest(body)) return this.#modern
    const { kernel, clock } = this.#c
    const places = new ResourcePlaces(this.#servers.primary)
    const components = { kernel, clock, listings: this.#listings, watch: this.#watch, places, failed: this.#ended }
    const bus = listenBus(components, calling, body.params.notifications)
    return createMcpHandler(this.#makeForRequest, { ...this.#options, bus })
  }

  get #options() {
    return { legacy: 'reject', maxRequestBodySize: MAX_MCP_BODY_BYTES, onerror: this.#refused } as const
  }

  readonly #makeForRequest = ({ authInfo }: McpRequestContext): Server => {
    const calling = authInfo?.extra?.calling as Calling
    return kernelServer(this.#servers, calling).server
  }

  readonly #makeForSession = async (calling: Calling, ended: AbortSignal): Promise<SessionServer> => {
    const serving = kernelServer(this.#servers, calling)
    const { server } = serving
    const { kernel, clock } = this.#c
    serveSubscriptions(serving, { kernel, clock, failed: this.#ended }, ended)
    const changes = new HeldChanges(server)
    const end = await this.#watch.watch(calling, (list) => changes.changed(list))
    ended.addEventListener('abort', end, { once: true })
    return { server, changes }
  }

  #base(base: string): string {
    return baseOf(this.#c.settings, base)
  }

  #metadata({ method }: IncomingMessage, response: ServerResponse, base: string): void {
    if (method !== 'GET' && method !== 'HEAD') {
      refuse(response, 405, -32_000, 'Method not allowed.')
      return
    }
    const { kernel, name } = this.#c
    const server = { name, issuers: kernel.issuers.list(), exchanges: kernel.issuers.exchange !== undefined }
    const body = JSON.stringify(resourceMetadata(this.#base(base), server))
    // Clients in pages read it too; there is nothing in it that is not for everybody.
    const headers = { 'content-type': 'application/json', 'access-control-allow-origin': '*' }
    response.writeHead(200, headers).end(method === 'HEAD' ? undefined : body)
  }

  async #read(request: IncomingMessage, share: Visit['share']): Promise<BodyRead> {
    if (!isJsonContentType(request.headers['content-type']))
      return { ok: false, status: 415, code: -32_000, message: 'The content type is not application/json.' }
    if (Number(request.headers['content-length'] ?? 0) > MAX_MCP_BODY_BYTES) {
      await passedOver(request, this.#c.clock)
      return { ok: false, status: 413, code: -32_000, message: `More than ${MAX_MCP_BODY_BYTES} bytes.` }
    }
    const read = await readJson(request, MAX_MCP_BODY_BYTES, share)
    if (read.ok) return read
    await passedOver(request, this.#c.clock)
    const { status, body } = read.fault
    return { ok: false, status, code: -32_700, message: body.error.message }
  }

  readonly #failed = (error: unknown): void => {
    this.#c.logger.error('mcp.request_failed', faultFields(error))
  }

  /** What the client did wrong, which it is told. */
  readonly #refused = ({ message }: Error): void => {
    this.#c.logger.debug('mcp.request_refused', { reason: message.slice(0, 256) })
  }

  readonly #ended = (error: unknown): void => {
    if (error instanceof CallError) this.#c.logger.debug('mcp.watch_ended', { code: error.detail.code })
    else this.#failed(error)
  }
}

type BodyRead = { ok: true; value: unknown } | { ok: false; status: number; code: number; message: string }

/** The library's place for who asks. What was shown is not in it: it is for this node and for nobody behind it. */
function authInfoOf(calling: Calling): AuthInfo {
  return { token: '', clientId: calling.owner, scopes: [], extra: { calling } }
}

const METHODS: ReadonlySet<string> = new Set([
  ...['initialize', 'notifications/initialized', 'notifications/cancelled', 'ping', 'logging/setLevel'],
  ...['server/discover', 'tools/list', 'tools/call', 'prompts/list', 'prompts/get', 'completion/complete'],
  ...['resources/list', 'resources/templates/list', 'resources/read', 'resources/subscribe', 'resources/unsubscribe'],
  'subscriptions/listen',
])

function methodOf(body: unknown): string {
  const method = isObject(body) && typeof body.method === 'string' ? body.method : ''
  return METHODS.has(method) ? method : 'other'
}

function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null })
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(status === 405 ? { allow: ALLOWED.join(', ') } : {}),
  })
  response.end(body)
}

/**
 * The control interface of a node: HTTP with JSON on a Unix socket, or on loopback with a token. It is how the command
 * line and `connect()` reach a node, and it never listens on the network.
 *
 * Bodies are checked against the table of `@hansa/protocols`; what the kernel refuses goes back with its code, and what
 * fails without one is `internal`; a line of the log names kind and place of it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Clock,
  type ControlMethod,
  controlMethods,
  controlPaths,
  controlScopeOf,
  type EventLogger,
  MAX_ARGUMENT_BYTES,
  MAX_RESULT_BYTES,
  registerParamsSchema,
  serveEndSchema,
  serveNoteSchema,
  serveReplySchema,
  watchApprovalsSchema,
} from '@hansa/protocols'
import type { z } from 'zod'
import { faultFields } from '../kernel/fault-fields.ts'
import { AgentShares, type RequestShare } from './agent-shares.ts'
import { type ControlCaller, ownerOf } from './control-caller.ts'
import { type ControlFault, faultOfCode, faultOfError, faultOfIssues } from './control-fault.ts'
import { type Admit, admitAgents, admitLoopback, admitSocket, readJson, refusePage } from './control-request.ts'
import { listenOnSocket } from './control-socket.ts'
import { controlToken } from './control-token.ts'
import type { ControlledKernel, TokenExchanging } from './controlled-kernel.ts'
import { ControlServerError } from './errors.ts'
import { eventStream } from './event-stream.ts'
import { type GuessBudget, guessBudget } from './guess-budget.ts'
import { listening } from './listening.ts'
import { type MethodContext, methodTable } from './method-table.ts'
import { type Mount, pathOf } from './mount.ts'
import { type MountedContext, respondMounted } from './mounted.ts'
import type { NodeOperations } from './node-operations.ts'
import { answerOauth, isOauthPath } from './oauth-endpoint.ts'
import { openApiDocument } from './openapi-document.ts'
import { passedOver } from './passed-over.ts'
import { type ServedCapabilities, servedCapabilities } from './serve.ts'
import { streamApprovals } from './stream-approvals.ts'
import { streamCall } from './stream-call.ts'

export type ControlListen =
  | { kind: 'unix'; path: string }
  /** @param port 0 chooses a free one @param tokenFile made, with mode 0600, when it is missing */
  | { kind: 'loopback'; port: number; tokenFile: string }
  /** For agents alone: every request there shows a credential. @param mode of the socket */
  | { kind: 'agents_unix'; path: string; mode: number }
  | { kind: 'agents_loopback'; port: number }

export type ControlServerInit = {
  kernel: ControlledKernel
  node: NodeOperations
  /** For whom a call is made when it does not say. */
  principal: string
  listen: ControlListen
  /** Where agents are told to connect. @default here */
  agentsUrl?: string
  /** Other protocols that are spoken here; disposing of them is up to whoever made them. @default [] */
  mounts?: readonly Mount[]
  logger: EventLogger
  clock: Clock
}

export interface ControlServer extends AsyncDisposable {
  /** What `connect()` takes: `unix:/path` or `http://127.0.0.1:PORT`. */
  readonly url: string
}

/** Bytes of a method's body: the largest arguments, and room for the rest of the parameters. */
const MAX_METHOD_BYTES = MAX_ARGUMENT_BYTES + 65_536
/** Bytes of an answer that an agent posts: no JSON text that is read may be larger. */
const MAX_ANSWER_BYTES = MAX_RESULT_BYTES
/** Bytes of the headers of a request (security.md B13). */
const MAX_HEADER_BYTES = 16_384
/** Milliseconds for all headers, and for the whole request: who dribbles bytes is cut off. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 60_000
/** Connections of one listener; each capability that an agent serves holds one. */
const MAX_CONNECTIONS = 2_048

/**
 * Listens, and serves until it is disposed of; then every open call is cancelled and every registration of an agent ends.
 * @throws ControlServerError
 */
export async function controlServer(init: ControlServerInit): Promise<ControlServer> {
  const { kernel, clock, listen } = init
  const admit = await admission(init)
  const served = servedCapabilities({ kernel, clock })
  const closing = new AbortController()
  const own = { url: '' }
  const agentsUrl = () => init.agentsUrl ?? own.url
  const budgets = { guesses: guessBudget(clock), shares: new AgentShares() }
  const handle = handler({ ...init, admit, served, ...budgets, agentsUrl, url: () => own.url, closing: closing.signal })
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: 60_000 }, handle)
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.maxConnections = MAX_CONNECTIONS
  const url = await open(server, listen)
  own.url = url
  return {
    url,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      closing.abort(new Error('the node is stopping'))
      await served[Symbol.asyncDispose]()
      server.closeAllConnections()
      await closed
    },
  }
}

async function admission({ kernel, listen }: ControlServerInit): Promise<Admit> {
  const identify = (credential: string) => kernel.identifyAgent(credential)
  switch (listen.kind) {
    case 'unix':
      return admitSocket(identify)
    case 'loopback':
      return admitLoopback(await controlToken(listen.tokenFile), identify)
    case 'agents_unix':
      return admitAgents(identify, 'unix')
    case 'agents_loopback':
      return admitAgents(identify, 'loopback')
  }
}

async function open(server: Server, listen: ControlListen): Promise<string> {
  if (listen.kind === 'unix' || listen.kind === 'agents_unix') {
    await listenOnSocket(server, listen.path, listen.kind === 'unix' ? 'private' : { mode: listen.mode })
    return `unix:${listen.path}`
  }
  const at = `127.0.0.1:${listen.port}`
  if (!(await listening(server, { host: '127.0.0.1', port: listen.port, exclusive: true }, at))) {
    const message = `Port ${listen.port} is in use: choose another, or 0 for a free one.`
    throw new ControlServerError({ code: 'control_in_use', at }, message)
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

type Handling = Omit<ControlServerInit, 'agentsUrl'> & {
  admit: Admit
  served: ServedCapabilities
  guesses: GuessBudget
  shares: AgentShares
  agentsUrl(): string
  /** Of this listener. */
  url(): string
  closing: AbortSignal
}
type Reply = { status: number; body: unknown }

function handler(handling: Handling): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the client went away')))
    const signal = AbortSignal.any([gone.signal, handling.closing])
    respond(handling, request, response, signal).catch((error: unknown) => {
      if (gone.signal.aborted) return
      const fault = response.headersSent ? undefined : faultOfError(error)
      if (fault !== undefined) return send(response, fault)
      const path = request.url?.split('?', 1)[0]?.slice(0, 128) ?? ''
      handling.logger.error('control.request_failed', { path, ...faultFields(error) })
      if (!response.headersSent) send(response, faultOfCode('internal'))
      else response.destroy()
    })
  }
}

async function respond(handling: Handling, request: IncomingMessage, response: ServerResponse, signal: AbortSignal) {
  const mount = handling.mounts?.find((one) => one.covers(pathOf(request)))
  if (mount !== undefined) return respondMounted(mount, request, response, mountedContext())
  const { exchange } = handling.kernel.issuers
  if (exchange !== undefined && isOauthPath(request.url ?? ''))
    return respondOauth(handling, exchange, request, response, signal)
  const admission = await handling.admit(request)
  if (!admission.ok) {
    if (isGuess(admission.fault) && !(await handling.guesses.wait(signal))) return void response.destroy()
    return refuse(handling, request, response, admission.fault)
  }
  const { caller } = admission
  const path = request.url ?? ''
  if (path === controlPaths.openapi && request.method === 'GET')
    return send(response, { status: 200, body: openApiDocument() })
  if (request.method !== 'POST')
    return refuse(handling, request, response, faultOfCode('invalid_request', 'invalid_request: use POST'))
  const fault = faultOfScope(caller, path)
  if (fault !== undefined) return refuse(handling, request, response, fault)
  const share = handling.shares.begin(caller)
  if (share === undefined) return refuse(handling, request, response, tooManyOpen)
  response.once('close', share.end)
  try {
    const from = { caller, path, share, signal: signalFor(caller, signal) }
    const reply = await route(handling, request, response, from)
    if (reply !== undefined) send(response, isRemoved(caller) ? credentialRemoved : reply)
  } catch (error) {
    const fault = isRemoved(caller) ? credentialRemoved : faultOfError(error)
    if (fault === undefined) throw error
    send(response, fault)
  }

  function mountedContext(): MountedContext {
    const refusing = (fault: ControlFault) => refuse(handling, request, response, fault)
    return { ...handling, ...placeOf(handling), refuse: refusing, tooManyOpen, signal }
  }
}

function placeOf({ listen, url }: Handling): { kind: 'unix' | 'loopback'; base: string } {
  const isSocket = listen.kind.endsWith('unix')
  return { kind: isSocket ? 'unix' : 'loopback', base: isSocket ? 'http://localhost' : url() }
}

/** Nobody shows a credential here; all who ask share what one agent may take. */
async function respondOauth(
  handling: Handling,
  exchange: TokenExchanging,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
) {
  const { kind, base } = placeOf(handling)
  const page = refusePage(request, kind)
  if (page !== undefined) return refuse(handling, request, response, page.fault)
  const asking = { name: 'token endpoint', principal: '', removed: signal }
  const share = handling.shares.begin({ scope: 'agent', agent: asking })
  if (share === undefined) return refuse(handling, request, response, tooManyOpen)
  response.once('close', share.end)
  const { kernel, clock } = handling
  const { guess, headers, ...reply } = await answerOauth(request, { did: kernel.did, exchange, base, share })
  if (guess && !(await handling.guesses.wait(signal))) return void response.destroy()
  if (guess) await passedOver(request, clock)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  send(response, reply)
}

/** Whoever shows nothing right is trying, whatever was missing. */
function isGuess({ body }: ControlFault): boolean {
  return body.error.code === 'token_rejected'
}

type From = { caller: ControlCaller; path: string; share: RequestShare; signal: AbortSignal }

const outOfScope = faultOfCode(
  'policy_denied',
  'policy_denied: This is for operators of the node. The credential of an agent calls and serves capabilities.',
)
const serveIsOutOfScope = faultOfCode(
  'policy_denied',
  'policy_denied: What was shown is for calling certain capabilities, and for nothing else.',
)
/** What a token that is bound to capabilities opens besides calling them. */
const withScope: readonly string[] = [
  ...['whoami', 'capabilities', 'invoke', 'explain'].map((method) => controlPaths.method + method),
  controlPaths.invokeStream,
]

function faultOfScope(caller: ControlCaller, path: string): ControlFault | undefined {
  if (caller.scope !== 'agent') return undefined
  if (controlScopeOf(path) !== 'agent') return outOfScope
  return caller.agent.scope === undefined || withScope.includes(path) ? undefined : serveIsOutOfScope
}

const tooManyOpen = faultOfCode('busy', 'busy: this agent has too many requests open')
const credentialRemoved = faultOfCode(
  'token_rejected',
  'token_rejected: the credential was taken away, or the token has expired',
)

/** What an agent has open ends with its credential. */
function signalFor(caller: ControlCaller, signal: AbortSignal): AbortSignal {
  return caller.scope === 'agent' ? AbortSignal.any([signal, caller.agent.removed]) : signal
}

function isRemoved(caller: ControlCaller): boolean {
  return caller.scope === 'agent' && caller.agent.removed.aborted
}

/** @returns undefined when the response is a stream that stays open. */
async function route(
  { kernel, node, clock, principal, served, agentsUrl }: Handling,
  request: IncomingMessage,
  response: ServerResponse,
  { caller, path, share, signal }: From,
): Promise<Reply | undefined> {
  const owner = ownerOf(caller)
  const parsed = <T>(schema: z.ZodType<T>, maxBytes: number) => readParams(request, schema, maxBytes, share)
  switch (path) {
    case controlPaths.serve: {
      const definition = await parsed(registerParamsSchema, MAX_METHOD_BYTES)
      if (!definition.ok) return definition.fault
      await served.serve({
        definition: definition.value,
        owner,
        open: () => eventStream(response, signal),
        closed: signal,
      })
      return undefined
    }
    case controlPaths.answer: {
      const reply = await parsed(serveReplySchema, MAX_ANSWER_BYTES)
      return reply.ok ? { status: 200, body: served.answer(reply.value, owner) ?? null } : reply.fault
    }
    case controlPaths.note: {
      const said = await parsed(serveNoteSchema, MAX_METHOD_BYTES)
      return said.ok ? { status: 200, body: served.note(said.value, owner) ?? null } : said.fault
    }
    case controlPaths.invokeStream: {
      const params = await parsed(controlMethods.invoke, MAX_METHOD_BYTES)
      if (!params.ok) return params.fault
      const by = { kernel, node, caller, principal: principalOf(caller) ?? principal, agentsUrl: agentsUrl() }
      await streamCall(eventStream(response, signal), clock, (heard) =>
        methodTable.invoke(params.value, { ...by, ...heard }),
      )
      return undefined
    }
    case controlPaths.end: {
      const end = await parsed(serveEndSchema, MAX_METHOD_BYTES)
      return end.ok ? { status: 200, body: (await served.end(end.value.registration, owner)) ?? null } : end.fault
    }
    case controlPaths.watchApprovals: {
      const params = await parsed(watchApprovalsSchema, MAX_METHOD_BYTES)
      if (!params.ok) return params.fault
      await streamApprovals(eventStream(response, signal), { kernel, clock })
      return undefined
    }
    default: {
      const method = methodOf(path)
      if (method === undefined) return faultOfCode('not_found', 'not_found: there is no such method')
      const params = await parsed(controlMethods[method] as z.ZodType, MAX_METHOD_BYTES)
      if (!params.ok) return params.fault
      return run(method, params.value, {
        kernel,
        node,
        caller,
        principal: principalOf(caller) ?? principal,
        agentsUrl: agentsUrl(),
        signal,
      })
    }
  }
}

function principalOf(caller: ControlCaller): string | undefined {
  return caller.scope === 'agent' ? caller.agent.principal : undefined
}

async function run<M extends ControlMethod>(method: M, params: unknown, context: MethodContext): Promise<Reply> {
  return { status: 200, body: await methodTable[method](params as z.infer<(typeof controlMethods)[M]>, context) }
}

function methodOf(path: string): ControlMethod | undefined {
  const name = path.slice(controlPaths.method.length)
  const known = path.startsWith(controlPaths.method) && Object.hasOwn(controlMethods, name)
  return known ? (name as ControlMethod) : undefined
}

type Parsed<T> = { ok: true; value: T } | { ok: false; fault: ControlFault }

async function readParams<T>(
  request: IncomingMessage,
  schema: z.ZodType<T>,
  maxBytes: number,
  share: RequestShare,
): Promise<Parsed<T>> {
  const body = await readJson(request, maxBytes, share)
  if (!body.ok) return body
  const result = schema.safeParse(body.value)
  return result.success ? { ok: true, value: result.data } : { ok: false, fault: faultOfIssues(result.error) }
}

/** The body is passed over before the answer: a client that is still writing would else see its connection break. */
async function refuse({ clock }: Handling, request: IncomingMessage, response: ServerResponse, fault: ControlFault) {
  await passedOver(request, clock)
  response.setHeader('connection', 'close')
  if (fault.body.error.code === 'token_rejected' && !response.hasHeader('www-authenticate'))
    response.setHeader('www-authenticate', 'Bearer realm="hansa control"')
  send(response, fault)
}

function send(response: ServerResponse, { status, body }: Reply): void {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8')
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length })
  response.end(bytes)
}

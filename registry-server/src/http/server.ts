/** The HTTP side: bounds first, then the route, then its handler. A request that fails here fails alone. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Code } from '@hansa/protocols'
import { StorageError } from '@hansa/storage'
import { randomId } from '@hansa/trust'
import type { Events } from '../events.ts'
import type { SenderOf } from '../limits/sender.ts'
import type { TokenBuckets } from '../limits/token-buckets.ts'
import type { Refusal } from '../refusal.ts'
import type { Answer, Handlers } from './handlers.ts'
import { type Match, matchRoute } from './match-route.ts'
import { readInput } from './read-input.ts'
import { rawRefusal, respond, respondRefused } from './respond.ts'
import { matchStream, type StreamComponents, type StreamMatch, serveStream } from './streams.ts'

/** security.md B13. */
const MAX_HEADER_BYTES = 16_384
/** A sender that is slower holds a socket and nothing else. Milliseconds. */
const HEADERS_TIMEOUT_MS = 5000
const REQUEST_TIMEOUT_MS = 15_000
/** A kernel's next heartbeat comes half a minute later, on a new connection. */
const KEEP_ALIVE_TIMEOUT_MS = 10_000
const TIMEOUT_CHECK_MS = 1000
const MAX_CONNECTIONS = 1000

export type HttpComponents = {
  handlers: Handlers
  events: Events
  writes: TokenBuckets
  sender: SenderOf
  /** Unix time, milliseconds. */
  now(): number
  /** Counts a request that the rate limit turned away. */
  turnedAway(): void
  streams: StreamComponents
  /** Told of each answer. @param code `ok`, or that of the refusal. */
  answered(route: string, code: string): void
}

/** A server that answers `busy` until it is given what it serves. */
export function registryServer(): { server: Server; serve(components: HttpComponents): void } {
  let components: HttpComponents | undefined
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    (request, response) => {
      if (components === undefined) respondRefused(response, 'busy')
      else void answer(components, request, response)
    },
  )
  server.maxConnections = MAX_CONNECTIONS
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end(rawRefusal('invalid_request'))
    else socket.destroy()
  })
  return {
    server,
    serve: (given) => {
      components = given
    },
  }
}

/** Never rejects. */
async function answer(components: HttpComponents, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A sender that goes away while it is answered is nobody's fault.
  response.on('error', () => {})
  const streamed = matchStream(request.method ?? '', request.url ?? '')
  if (streamed !== undefined) return await answerStream(components, request, response, streamed)
  const matched = matchRoute(request.method ?? '', request.url ?? '')
  if (!matched.ok) return refused(components, request, response, 'none', matched)
  const { match } = matched
  try {
    const outcome = await serveRoute(components, request, match)
    components.answered(match.name, outcome.ok ? 'ok' : outcome.code)
    if (outcome.ok) respond(response, outcome.body)
    else refused(components, request, response, match.name, outcome)
  } catch (error) {
    components.events.failed(match.name, error)
    respondRefused(response, codeOf(error))
  }
}

async function answerStream(
  components: HttpComponents,
  request: IncomingMessage,
  response: ServerResponse,
  match: StreamMatch,
): Promise<void> {
  try {
    const refusal = await serveStream(components.streams, request, response, match)
    if (refusal !== undefined) refused(components, request, response, match.name, refusal)
  } catch (error) {
    components.events.failed(match.name, error)
    if (response.headersSent) response.destroy()
    else respondRefused(response, codeOf(error))
  }
}

async function serveRoute(components: HttpComponents, request: IncomingMessage, match: Match): Promise<Answer<object>> {
  if (match.method === 'POST' && !components.writes.take(components.sender(request), components.now())) {
    components.turnedAway()
    return { ok: false, code: 'rate_limited', reason: '' }
  }
  const read = await readInput(request, match)
  if (!read.ok) return read
  // The input was parsed by the schema of this very route.
  const handler = components.handlers[match.name] as (
    input: unknown,
    of: Match['parameters'],
  ) => Promise<Answer<object>>
  return await handler(read.input, match.parameters)
}

/** Only writes go to the log: they are few per address, while reads cost their sender nothing. */
function refused(
  { events, sender }: HttpComponents,
  request: IncomingMessage,
  response: ServerResponse,
  route: string,
  { code, reason }: Refusal,
): void {
  // What is left of a body is not read, so the connection cannot be used again.
  if (!request.complete) response.setHeader('connection', 'close')
  const recorded = request.method === 'POST' && route !== 'none' && code !== 'rate_limited'
  const denialId = recorded ? randomId() : undefined
  if (denialId !== undefined) events.refused(route, sender(request), denialId, reason)
  respondRefused(response, code, denialId)
}

/** A database that cannot be reached now may be there at the next attempt. */
function codeOf(error: unknown): Code {
  if (!(error instanceof StorageError)) return 'internal'
  const { code } = error.detail
  return code === 'database_unreachable' || code === 'transaction_conflict' || code === 'statement_timeout'
    ? 'busy'
    : 'internal'
}

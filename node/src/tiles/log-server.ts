/**
 * Adapter: gives out logs over HTTP to whoever asks, and takes nothing. Plain HTTP: what is given out is signed, and what
 * of it is secret is not given out; for other machines a proxy with a certificate belongs in front.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ListenAddress } from '../config/listen-address.ts'
import { listen } from '../gateway/listen.ts'
import { type ListeningServer, listeningServer } from '../gateway/listening-server.ts'
import type { LogAnswer, LogAnswers } from './log-answers.ts'

const MAX_HEADER_BYTES = 8_192
/** Milliseconds for all headers, and for the whole request. */
const REQUEST_TIMEOUT_MS = 10_000
const MAX_CONNECTIONS = 256

const compressed = promisify(gzip)

export type LogServerInit = {
  listen: ListenAddress
  answers: LogAnswers
  /** Told what could not be given out because it is not as it was signed. */
  onFault(path: string, error: unknown): void
}

/** @throws GatewayError when the address cannot be listened on. */
export async function logServer(init: LogServerInit): Promise<ListeningServer> {
  const timeouts = { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS }
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, ...timeouts }, (request, response) => {
    void respond(request, response, init).catch(() => response.destroy())
  })
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, init.listen)
  return listeningServer(server, init.listen.host)
}

async function respond(request: IncomingMessage, response: ServerResponse, init: LogServerInit): Promise<void> {
  const { method, url: path = '' } = request
  if (method !== 'GET' && method !== 'HEAD') {
    return refuse(response, 405, 'invalid_request', { allow: 'GET, HEAD', connection: 'close' })
  }
  let answer: LogAnswer | 'busy' | undefined
  try {
    answer = await init.answers.answer(path)
  } catch (error) {
    init.onFault(path, error)
    return refuse(response, 500, 'internal')
  }
  if (answer === undefined) return refuse(response, 404, 'not_found')
  if (answer === 'busy') return refuse(response, 503, 'busy', { 'retry-after': '1' })
  await give(request, response, answer)
}

async function give(request: IncomingMessage, response: ServerResponse, answer: LogAnswer): Promise<void> {
  const { contentType, cacheControl, entries } = answer
  const zipped = entries && acceptsGzip(request.headers['accept-encoding'])
  const body = zipped ? await compressed(answer.body) : answer.body
  response.writeHead(200, {
    'content-type': contentType,
    'content-length': body.length,
    'cache-control': cacheControl,
    'x-content-type-options': 'nosniff',
    ...(entries ? { vary: 'accept-encoding' } : {}),
    ...(zipped ? { 'content-encoding': 'gzip' } : {}),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function acceptsGzip(header: string | string[] | undefined): boolean {
  const offers = String(header ?? '').split(',')
  return offers.some((offer) => /^\s*(?:gzip|x-gzip)\s*(?:;\s*q=(?:1(?:\.0*)?|0\.\d*[1-9]\d*)\s*)?$/i.test(offer))
}

function refuse(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}): void {
  const body = Buffer.from(JSON.stringify({ code }))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

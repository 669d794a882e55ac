/**
 * Where agents connect, A2A is spoken too: the card at its well-known place, JSON-RPC with a POST to `/a2a`, HTTP+JSON
 * below it. Whoever asks was admitted before; the version is looked at before the body.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  A2A_VERSION,
  AGENT_CARD_PATH,
  type Clock,
  type EventLogger,
  HANSA_EXTENSION,
  MAX_ARGUMENT_BYTES,
} from '@hansa/protocols'
import type { Mount, Visit } from '../control/mount.ts'
import { readPayload } from '../control/read-payload.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import { A2aFault, faultOfA2a, internalFault, statusBodyOf } from './a2a-fault.ts'
import type { A2aReply, A2aRequest, A2aService } from './a2a-service.ts'
import type { CardDesk } from './card-desk.ts'
import { sendEvents } from './event-source.ts'
import { httpJsonRequest } from './http-json-binding.ts'
import { answerJsonRpc, idOf, jsonRpcFailure, jsonRpcResult } from './json-rpc-binding.ts'

/** Bytes of a body: the largest arguments, and room for the message around them. */
export const MAX_A2A_BODY_BYTES = MAX_ARGUMENT_BYTES + 65_536

/** Answers requests of A2A 0.3. */
export interface LegacyBinding {
  answer(body: unknown, request: A2aRequest): Promise<object | AsyncIterable<object>>
  /** The card in the form of 0.3. @param base of the URLs in it */
  card(base: string): Promise<object>
}

export type A2aMountInit = {
  service: A2aService
  cards: CardDesk
  /** Base URL that the card names. @default that of the listener */
  url?: string
  /** @default requests of 0.3 are refused */
  legacy?: LegacyBinding
  clock: Clock
  logger: EventLogger
}

const ROOT = '/a2a'
/** Where clients of 0.3 and before look for the card. */
const LEGACY_CARD_PATH = '/.well-known/agent.json'
const RPC = 'application/json'
const REST = 'application/a2a+json'

export function a2aMount(init: A2aMountInit): Mount {
  const { url, legacy } = init
  const cardPaths = legacy === undefined ? [AGENT_CARD_PATH] : [AGENT_CARD_PATH, LEGACY_CARD_PATH]
  return {
    names: url === undefined ? [] : [new URL(url).hostname.toLowerCase()],
    covers: (path) => cardPaths.includes(path) || path === ROOT || path.startsWith(`${ROOT}/`),
    isPublic: (path) => cardPaths.includes(path),
    challenge: () => 'Bearer realm="hansa a2a"',
    handle: (request, response, visit) => handle(init, request, response, visit),
  }
}

async function handle(init: A2aMountInit, request: IncomingMessage, response: ServerResponse, visit: Visit) {
  const { caller, principal, path } = visit
  const base = init.url?.replace(/\/$/, '') ?? visit.base
  if (path === AGENT_CARD_PATH) return serveCard(init, request, response, base)
  if (path === LEGACY_CARD_PATH && init.legacy !== undefined)
    return sendJson(response, 200, RPC, await init.legacy.card(base))
  // A mount that is not public is handed nobody.
  if (caller === undefined) throw new TypeError('nobody was admitted')
  const from = { visitor: { caller, principal }, base }
  if (asksFor(request).extension) response.setHeader('a2a-extensions', HANSA_EXTENSION)
  return path === ROOT || path === `${ROOT}/`
    ? serveJsonRpc(init, request, response, visit, from)
    : serveHttpJson(init, request, response, visit, from)
}

async function serveCard({ cards }: A2aMountInit, request: IncomingMessage, response: ServerResponse, base: string) {
  if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(response, 405, RPC, { error: 'use GET' })
  const { text, etag, modifiedMs } = await cards.forEverybody(base)
  response.setHeader('etag', etag)
  response.setHeader('last-modified', new Date(modifiedMs).toUTCString())
  response.setHeader('cache-control', 'public, max-age=300')
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end()
  sendText(response, 200, RPC, text)
}

/** The version and the extensions that a client asks for, in headers or the query. */
function asksFor(request: IncomingMessage): { version: string; extension: boolean; query: URLSearchParams } {
  const query = new URLSearchParams(request.url?.split('?').slice(1).join('?') ?? '')
  const inQuery = [...query].find(([name]) => name.toLowerCase() === 'a2a-version')?.[1]
  const version = String(request.headers['a2a-version'] ?? inQuery ?? '').trim()
  const extensions = String(request.headers['a2a-extensions'] ?? '').split(',')
  return { version, extension: extensions.some((uri) => uri.trim() === HANSA_EXTENSION), query }
}

/** No version at all is 0.3 (A2A 1.0, section 3.6.2); the patch of a version does not count. */
function isCurrent(version: string): boolean {
  return version === A2A_VERSION || version.startsWith(`${A2A_VERSION}.`)
}

function refuseVersion(version: string): A2aFault {
  const said = version === '' ? 'no A2A-Version, which stands for 0.3' : `A2A-Version ${version.slice(0, 16)}`
  return new A2aFault(
    { code: 'VersionNotSupportedError' },
    `The request names ${said}; this kernel speaks ${A2A_VERSION}.`,
  )
}

async function serveJsonRpc(
  init: A2aMountInit,
  request: IncomingMessage,
  response: ServerResponse,
  { share, signal }: Visit,
  from: A2aRequest,
): Promise<void> {
  let body: unknown
  try {
    if (request.method !== 'POST') throw new A2aFault({ code: 'InvalidRequestError' }, 'JSON-RPC is sent with POST.')
    body = await bodyOf(request, share)
    if (body === undefined) throw new A2aFault({ code: 'ParseError' }, 'The body is empty.')
    const { version } = asksFor(request)
    if (!isCurrent(version)) return await serveLegacy(init, response, body, version, from)
    const { id, ...reply } = await answerJsonRpc(body, init.service, from)
    await answer(init, response, RPC, reply, signal, (value) => jsonRpcResult(id, value))
  } catch (error) {
    const fault = faultOf(error, init.logger)
    if (response.headersSent) return void response.destroy()
    // What is left of a body that is not taken is not read to its end.
    if (!request.complete) response.setHeader('connection', 'close')
    sendJson(response, 200, RPC, jsonRpcFailure(idOf(body), fault))
  }
}

async function serveLegacy(
  { legacy, clock }: A2aMountInit,
  response: ServerResponse,
  body: unknown,
  version: string,
  from: A2aRequest,
): Promise<void> {
  if (legacy === undefined || !/^(?:0\.3(?:\.\d+)?)?$/.test(version)) throw refuseVersion(version)
  const answered = await legacy.answer(body, from)
  if (!(Symbol.asyncIterator in answered)) return sendJson(response, 200, RPC, answered)
  const events = answered[Symbol.asyncIterator]()
  const leave = () => void events.return?.().catch(() => {})
  await sendEvents(response, { events: { [Symbol.asyncIterator]: () => events }, leave, clock })
}

async function serveHttpJson(
  init: A2aMountInit,
  request: IncomingMessage,
  response: ServerResponse,
  { share, path, signal }: Visit,
  from: A2aRequest,
): Promise<void> {
  try {
    const { version, query } = asksFor(request)
    if (!isCurrent(version)) throw refuseVersion(version)
    const body = request.method === 'POST' ? await bodyOf(request, share) : undefined
    const { operation, params } = httpJsonRequest(request.method ?? '', path.slice(ROOT.length), query, body)
    const reply = await init.service(operation, params, from)
    await answer(init, response, REST, reply, signal, (value) => value)
  } catch (error) {
    const body = statusBodyOf(faultOf(error, init.logger))
    if (response.headersSent) return void response.destroy()
    // What is left of a body that is not taken is not read to its end.
    if (!request.complete) response.setHeader('connection', 'close')
    sendJson(response, body.error.code, REST, body)
  }
}

/** @returns undefined for no body at all: who cancels a task has nothing more to say */
async function bodyOf(request: IncomingMessage, share: Visit['share']): Promise<unknown> {
  const { 'content-length': length, 'transfer-encoding': transfer } = request.headers
  if (transfer === undefined && (length === undefined || length === '0')) return undefined
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type !== RPC && type !== REST)
    throw new A2aFault({ code: 'ContentTypeNotSupportedError' }, `The content type is neither ${RPC} nor ${REST}.`)
  const read = await readPayload(request, MAX_A2A_BODY_BYTES, share)
  if (read.ok) return read.value
  const error =
    read.cause === 'malformed' ? 'ParseError' : read.cause === 'busy' ? 'UnavailableError' : 'InvalidRequestError'
  throw new A2aFault({ code: error }, `The body cannot be taken: ${read.reason}.`)
}

async function answer(
  { clock }: A2aMountInit,
  response: ServerResponse,
  type: string,
  reply: A2aReply,
  signal: AbortSignal,
  wrapped: (value: unknown) => unknown,
): Promise<void> {
  if (reply.kind === 'value') return sendJson(response, 200, type, wrapped(reply.value))
  const { follower } = reply
  // The credential may be taken away in the middle of a stream.
  signal.addEventListener('abort', () => follower.leave(), { once: true })
  async function* events() {
    for await (const event of follower) yield wrapped(event)
  }
  await sendEvents(response, { events: events(), leave: () => follower.leave(), clock })
}

function faultOf(error: unknown, logger: EventLogger): A2aFault {
  const fault = faultOfA2a(error)
  if (fault !== undefined) return fault
  logger.error('a2a.request_failed', faultFields(error))
  return internalFault()
}

function sendJson(response: ServerResponse, status: number, type: string, body: unknown): void {
  sendText(response, status, type, JSON.stringify(body))
}

function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  const bytes = Buffer.from(text, 'utf8')
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length })
  response.end(bytes)
}

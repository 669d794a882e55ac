/**
 * The HTTP side of a node: bytes in, bytes out, everything else is the kernel's. Limits that protect the process before
 * anyone is authenticated live here (security.md B13): header size, body size by path, time, no decompression.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { isLoopbackHost, localBinding, spkiHash } from '@hansa/mesh'
import type { ChannelBinding, Clock, EventLogger, InboundHandler, InboundReply } from '@hansa/protocols'
import { httpStatus } from '@hansa/protocols'
import { decodeBase64url, encodeBase64url } from '@hansa/trust'
import { inboundRoutes } from '../exchange/inbound-router.ts'
import { hostAndPort } from '../host-and-port.ts'
import { BodyMemory } from './body-memory.ts'
import type { CertificatePair } from './certificate-files.ts'
import { GatewayError } from './errors.ts'
import { Impatience } from './impatience.ts'
import { listen } from './listen.ts'
import type { ServedCertificate } from './served-certificate.ts'
import { asksForSession, type SessionUpgradesComponents, sessionUpgrades } from './session-upgrades.ts'
import { Slowings } from './slowings.ts'
import { Turns } from './turns.ts'

const MAX_HEADER_BYTES = 16_384
/** Milliseconds for all headers, and for the whole request: a peer that dribbles bytes is cut off. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Milliseconds for the handshake of TLS. */
const TLS_TIMEOUT_MS = 10_000
/** Longer than a peer keeps an idle connection, so that it is the peer that closes. */
const KEEP_ALIVE_MS = 65_000
/** Bodies of requests together: some hundred of the largest, some ten thousand of the usual ones. */
const MAX_BODY_MEMORY = 268_435_456
/** Sockets at the same time; further ones wait in the backlog of the operating system. */
const MAX_CONNECTIONS = 10_000

/** Headers that say a proxy stands between: then a loopback address proves nothing. */
const FORWARDING =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip|x-envoy-.*)$/

export type HttpGatewayInit = {
  host: string
  /** 0 takes a free one. */
  port: number
  /** Bytes that the bodies of all requests may take together. @default 268_435_456 */
  maxBodyMemory?: number
}

export type HttpGatewayComponents = {
  clock: Clock
  logger: EventLogger
  /** Serves https with it. @default plain HTTP, for this machine or a TLS proxy on it */
  certificate?: ServedCertificate
  /** Told of whoever is read later. @default its own, which write it to the log */
  slowings?: Slowings
  /** What the manifest names; channel bindings are made of it. Asked once the port is known. */
  advertised(listening: string): Advertised
  /** Takes sessions over WebSockets. @default single requests only */
  sessions?: Pick<SessionUpgradesComponents, 'clock' | 'proven' | 'frames' | 'slowed'>
}

export type Advertised = {
  /** Base URL under which peers reach this gateway. */
  url: string
  /** SHA-256 of the SPKI of each certificate that a TLS proxy in front may show; sessions over https need one. */
  spki?: readonly Uint8Array[]
}

export interface HttpGateway extends AsyncDisposable {
  /** Where it listens: `http://host:port`, or the same with https. */
  readonly url: string
  /** Serves requests from now on; before, they are answered as `busy`. */
  attach(handler: InboundHandler): void
  /** Takes no new connection and resolves when the running requests are answered. */
  close(): Promise<void>
}

/** @throws GatewayError when the address cannot be listened on. */
export async function httpGateway(init: HttpGatewayInit, components: HttpGatewayComponents): Promise<HttpGateway> {
  const { certificate, clock, logger, slowings = new Slowings({ clock, logger }) } = components
  const server = serverFor(certificate, components.sessions !== undefined)
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, init)
  const { port } = server.address() as AddressInfo
  const scheme = certificate === undefined ? 'http' : 'https'
  const url = `${scheme}://${hostAndPort(init.host, port)}`
  const advertised = components.advertised(url)
  if (certificate === undefined && isOffHost(init.host, advertised.url)) {
    await new Promise((resolve) => server.close(resolve))
    throw plainHttpOffHost(`${init.host}:${port}`)
  }
  const bindingOf = certificate === undefined ? bindings(advertised) : ownBindings(certificate)
  let handler: InboundHandler | undefined
  let closing: Promise<void> | undefined
  const memory = new BodyMemory(init.maxBodyMemory ?? MAX_BODY_MEMORY)
  const turns = new Turns()
  const impatience = new Impatience({ clock, slowings })
  // By the other end, because a request over TLS comes on another object than the connection.
  const silent = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const name = otherEnd(socket)
    silent.set(name, socket)
    socket.once('close', () => silent.delete(name))
  })
  server.on(certificate === undefined ? 'connection' : 'secureConnection', (socket: Socket) =>
    impatience.opened(socket),
  )
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    silent.delete(otherEnd(request.socket))
    const binding = bindingOf(request)
    // Of several callers behind one proxy, one must not make the others wait.
    const isDirect = certificate !== undefined || binding?.kind === 'local'
    if (isDirect && !impatience.mayAsk(request.socket)) return void request.socket.destroy()
    const read = { bytes: 0 }
    // A connection that is kept alive would keep a closing server open.
    if (closing !== undefined) response.setHeader('connection', 'close')
    response.once('finish', () => {
      if (closing !== undefined) request.socket.end()
      if (isDirect) impatience.answered(request.socket, isRefusal(response.statusCode), read.bytes)
    })
    void answer(request, response, handler, binding, { memory, turns, read }).catch((error: unknown) => {
      logger.warn('gateway.request_failed', {
        reason: error instanceof Error ? error.message : String(error),
      })
      response.destroy()
    })
  })
  const upgrades =
    components.sessions &&
    sessionUpgrades({ ...components.sessions, logger, memory, turns, bindingOf, handler: () => handler })
  certificate?.onChange(() => upgrades?.renew())
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    silent.delete(otherEnd(request.socket))
    upgrades?.take(request, socket, head)
  })
  const close = () => {
    closing ??= Promise.all([closeServer(server, silent), upgrades?.drain()]).then(() => undefined)
    return closing
  }
  return {
    url,
    attach(attached) {
      handler = attached
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function serverFor(certificate: ServedCertificate | undefined, takesSessions: boolean): Server {
  const options = {
    ...{ maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true },
    // Any other upgrade is a request like every one.
    shouldUpgradeCallback: (request: IncomingMessage) => takesSessions && asksForSession(request),
  }
  if (certificate === undefined) return createServer(options)
  const server = createTlsServer({ ...options, ...context(certificate.pair), handshakeTimeout: TLS_TIMEOUT_MS })
  // Connections that are open keep the context they were accepted under.
  certificate.onChange((pair) => server.setSecureContext(context(pair)))
  return server
}

function context({ certificate, key }: CertificatePair) {
  return { cert: certificate, key, minVersion: 'TLSv1.2' as const }
}

function otherEnd({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

/** Whether other machines would reach it without TLS. */
function isOffHost(host: string, advertised: string): boolean {
  const url = new URL(advertised)
  return url.protocol === 'http:' && !(isLoopbackHost(host) && isLoopbackHost(url.hostname))
}

function plainHttpOffHost(address: string): GatewayError {
  const message = `${address} is reached by other machines, and plain http is for this one. Give it a certificate (tls), or an https public_url of a proxy in front.`
  return new GatewayError({ code: 'plain_http_off_host', address }, message)
}

/**
 * A connection can carry a handshake as long as the key that it has shown is the one in use: whoever holds a key that was
 * replaced, and has kept a connection from before, stands between no two kernels. Calls go on over it.
 */
function ownBindings(certificate: ServedCertificate): (request: IncomingMessage) => ChannelBinding | undefined {
  const shown = new WeakMap<Socket, string>()
  const keyOf = (socket: Socket): string | undefined => {
    const known = shown.get(socket)
    if (known !== undefined || !(socket instanceof TLSSocket)) return known
    const own = socket.getX509Certificate()
    if (own === undefined) return undefined
    const key = encodeBase64url(spkiHash(own))
    shown.set(socket, key)
    return key
  }
  let inUse: { spki: string; binding: ChannelBinding | undefined } | undefined
  return ({ socket }) => {
    const { spki } = certificate.pair
    if (inUse?.spki !== spki) {
      const value = decodeBase64url(spki)
      inUse = { spki, binding: value && { kind: 'spki', value } }
    }
    return keyOf(socket) === spki ? inUse.binding : undefined
  }
}

/**
 * What a request's channel can be bound to (wire.md: Handshake). Behind a TLS proxy it is the key of a certificate that
 * the manifest names: whoever terminates TLS in between shows another one to the caller. Loopback is a channel to bind to
 * only when the advertised endpoint is loopback too and nothing was forwarded. Anything else carries no session.
 */
function bindings({ url: advertised, spki }: Advertised): (request: IncomingMessage) => ChannelBinding | undefined {
  const url = new URL(advertised)
  if (url.protocol === 'https:') {
    const [value, ...others] = spki ?? []
    const bound = value && { kind: 'spki' as const, value, others }
    return () => bound
  }
  const local = isLoopbackHost(url.hostname) ? localBinding(advertised) : undefined
  return (request) => {
    const forwarded = Object.keys(request.headers).some((name) => FORWARDING.test(name))
    return forwarded || !isLocal(request.socket.remoteAddress ?? '') ? undefined : local
  }
}

/** The addresses that almost every local connection has, before the general rule. */
function isLocal(address: string): boolean {
  return address === '127.0.0.1' || address === '::1' || address === '::ffff:127.0.0.1' || isLoopbackHost(address)
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handler: InboundHandler | undefined,
  binding: ChannelBinding | undefined,
  { memory, turns, read: told }: { memory: BodyMemory; turns: Turns; read: { bytes: number } },
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
  const { method } = request
  if (handler === undefined) return write(response, errorReply('busy'))
  if (method !== 'GET' && method !== 'POST') return write(response, errorReply('invalid_request'), true)
  const limit = Object.hasOwn(inboundRoutes, path) ? (inboundRoutes[path]?.maxBytes ?? 0) : 0
  const read = await readBody(request, limit, memory)
  told.bytes = read.held
  try {
    if (read.refused !== undefined) return write(response, errorReply(read.refused), true)
    const authorization = request.headers.authorization
    const left = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) left.abort()
    })
    await turns.next()
    const reply = await handler.handle({
      path,
      method,
      body: read.body,
      source: request.socket.remoteAddress ?? 'unknown',
      signal: left.signal,
      ...(binding === undefined ? {} : { binding }),
      ...(authorization === undefined ? {} : { authorization }),
    })
    write(response, reply)
  } finally {
    memory.give(read.held)
  }
}

/** `held` is what the body takes of the memory for bodies, until it is given back. */
type ReadBody = { held: number } & ({ body: Uint8Array; refused?: never } | { refused: 'invalid_request' | 'busy' })

/** What is too large, encoded or finds no room is not read to its end. */
function readBody(request: IncomingMessage, limit: number, memory: BodyMemory): Promise<ReadBody> {
  const encoding = request.headers['content-encoding']
  const encoded = encoding !== undefined && encoding !== 'identity'
  if (encoded || Number(request.headers['content-length'] ?? 0) > limit) {
    return Promise.resolve({ refused: 'invalid_request', held: 0 })
  }
  // By events: an async iterator costs more than the rest of this function on every call.
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let held = 0
    let done = false
    const end = (outcome: { body: Uint8Array } | { refused: 'invalid_request' | 'busy' }) => {
      done = true
      resolve({ ...outcome, held })
    }
    request.on('data', (chunk: Buffer) => {
      if (done) return
      if (held + chunk.length > limit) return end({ refused: 'invalid_request' })
      if (!memory.take(chunk.length)) return end({ refused: 'busy' })
      held += chunk.length
      chunks.push(chunk)
    })
    request.on('end', () => end({ body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) }))
    request.on('error', (error) => {
      if (!done) memory.give(held)
      done = true
      reject(error)
    })
    // The sender left in the middle; nobody reads the answer.
    request.on('close', () => end({ refused: 'invalid_request' }))
  })
}

function errorReply(code: 'busy' | 'invalid_request'): InboundReply {
  return { status: httpStatus[code], contentType: 'application/json', body: Buffer.from(JSON.stringify({ code })) }
}

/** Of what was asked; what this kernel cannot do now is nobody's fault. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500
}

function write(response: ServerResponse, reply: InboundReply, last = false): void {
  const { status, contentType, body, cacheControl = 'no-store' } = reply
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': body.length,
    'cache-control': cacheControl,
    'x-content-type-options': 'nosniff',
    ...(last ? { connection: 'close' } : {}),
  })
  response.end(body)
}

/** @param silent connections that have not asked for anything yet: Node counts them as busy, and nobody waits for them. */
function closeServer(server: Server, silent: ReadonlyMap<string, Socket>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeIdleConnections()
  for (const socket of silent.values()) socket.destroy()
  return promise
}

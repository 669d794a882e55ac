/**
 * The adapter that carries calls between kernels over HTTP/1.1: one pool of kept-alive connections per origin, under the
 * address rules of every outbound connection (security.md B11).
 *
 * Over HTTPS each connection of a pool must show the certificate key that the channel binding was made from; when a peer
 * changes its key the connections are given up, and a new handshake binds the new one.
 */
import type { ChannelBinding, PeerReply, PeerRequest, PeerTransport } from '@hansa/protocols'
import { type buildConnector, Pool } from 'undici'
import { MeshError } from '../errors.ts'
import { type AddressGuard, type AllowPrivate, addressGuard } from '../fetch/address.ts'
import { collectReply } from '../fetch/collect-reply.ts'
import { fetchTarget, PUBLIC_PORTS } from '../fetch/fetch-target.ts'
import {
  type GuardedConnectorInit,
  guardedConnector,
  type ResolveHost,
  systemResolve,
} from '../fetch/guarded-connector.ts'
import { networkFault } from '../fetch/network-fault.ts'
import { CertificateKeys } from './certificate-keys.ts'
import { type EndpointParts, endpointParts } from './endpoint.ts'
import { isLoopbackHost, localBinding } from './local-binding.ts'

export type HttpPeerTransportInit = {
  /** Which addresses besides public ones may be reached. Plain HTTP is only for these. */
  allowPrivate: AllowPrivate
  /** Ports on which public addresses may be reached. @default [443, 8443] */
  ports?: readonly number[]
  /** @default 64 */
  connectionsPerOrigin?: number
  /** @default 5_000 */
  connectTimeoutMs?: number
  /** @default the system's resolver */
  resolve?: ResolveHost
  /** Roots in PEM that are trusted instead of those of Node. */
  ca?: string
}

/** Longest that a reply's head is waited for: the longest deadline an intent can name, and some for the way. */
const HEAD_TIMEOUT_MS = 620_000
/** Longest silence inside a reply. */
const BODY_SILENCE_MS = 30_000
/** Largest head of a reply, bytes (security.md B13). */
const MAX_HEAD_BYTES = 16_384

/** @throws MeshError `invalid_address_range` when `allowPrivate` has a range that cannot be read. */
export function httpPeerTransport(init: HttpPeerTransportInit): PeerTransport & AsyncDisposable {
  return new HttpPeerTransport(init)
}

/** An endpoint that passed the rules, and how to send to it. */
type Route = EndpointParts & { pool: Pool }

class HttpPeerTransport implements PeerTransport, AsyncDisposable {
  readonly #guard: AddressGuard
  readonly #publicPorts: readonly number[]
  readonly #connections: number
  readonly #connect: buildConnector.connector
  /** The same rules, but any certificate key: to learn which one is served now. */
  readonly #probe: buildConnector.connector
  readonly #keys = new CertificateKeys()
  /** By endpoint as written, so that the path of a call parses no URL. Bounded by the peers that were imported. */
  readonly #routes = new Map<string, Route>()
  readonly #pools = new Map<string, Pool>()

  constructor(init: HttpPeerTransportInit) {
    this.#guard = addressGuard(init.allowPrivate)
    this.#publicPorts = init.ports ?? PUBLIC_PORTS
    this.#connections = init.connectionsPerOrigin ?? 64
    const rules: GuardedConnectorInit = {
      guard: this.#guard,
      publicPorts: this.#publicPorts,
      connectTimeoutMs: init.connectTimeoutMs ?? 5_000,
      resolve: init.resolve ?? systemResolve,
      ...(init.ca === undefined ? {} : { ca: init.ca }),
    }
    this.#probe = guardedConnector(rules)
    this.#connect = guardedConnector({ ...rules, onConnected: (socket, origin) => this.#keys.check(socket, origin) })
  }

  async send(request: PeerRequest): Promise<PeerReply> {
    const { pool, prefix } = this.#route(request.endpoint)
    try {
      const { status, body } = await collectReply(
        pool,
        {
          path: prefix + request.path,
          method: request.method,
          headers: request.contentType === undefined ? [] : ['content-type', request.contentType],
          body: request.body ?? null,
        },
        { maxBytes: request.maxReplyBytes, signal: request.signal },
      )
      return { status, body }
    } catch (error) {
      throw unreachable(request.endpoint, networkFault(error).reason, error)
    }
  }

  async binding(endpoint: string): Promise<ChannelBinding | undefined> {
    const parts = endpointParts(endpoint)
    if (parts === undefined || !fetchTarget(endpoint, this.#guard, this.#publicPorts).ok) return undefined
    if (parts.protocol === 'http:') return isLoopbackHost(parts.hostname) ? localBinding(endpoint) : undefined
    try {
      const { value, changed } = await this.#keys.probe(parts, this.#probe)
      if (changed) this.#drop(parts.origin)
      return { kind: 'spki', value }
    } catch (error) {
      throw unreachable(endpoint, networkFault(error).reason, error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#routes.clear()
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()))
    this.#pools.clear()
  }

  #route(endpoint: string): Route {
    const known = this.#routes.get(endpoint)
    if (known !== undefined) return known
    const target = fetchTarget(endpoint, this.#guard, this.#publicPorts)
    if (!target.ok) throw unreachable(endpoint, target.reason)
    const parts = endpointParts(endpoint)
    if (parts === undefined) throw unreachable(endpoint, 'a base URL has no query, fragment, name or password')
    const route = { ...parts, pool: this.#pool(parts.origin) }
    this.#routes.set(endpoint, route)
    return route
  }

  #pool(origin: string): Pool {
    const known = this.#pools.get(origin)
    if (known !== undefined) return known
    const pool = new Pool(origin, {
      connect: this.#connect,
      connections: this.#connections,
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: HEAD_TIMEOUT_MS,
      bodyTimeout: BODY_SILENCE_MS,
    })
    this.#pools.set(origin, pool)
    return pool
  }

  /** Calls under way end on their old connections; new ones open fresh connections. */
  #drop(origin: string): void {
    const pool = this.#pools.get(origin)
    this.#pools.delete(origin)
    for (const [endpoint, route] of this.#routes) if (route.origin === origin) this.#routes.delete(endpoint)
    pool?.close().catch(() => pool.destroy())
  }
}

function unreachable(endpoint: string, reason: string, cause?: unknown): MeshError {
  return new MeshError({ code: 'unreachable', endpoint, reason }, `${endpoint} cannot be reached: ${reason}`, { cause })
}

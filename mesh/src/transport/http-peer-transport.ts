/**
 * The adapter that carries calls between kernels over HTTP/1.1: one pool of kept-alive connections per origin, under the
 * address rules of every outbound connection (security.md B11).
 *
 * Over HTTPS each connection of a pool must show a certificate key that the peer has signed for. A peer that has signed
 * for none must show the key that the channel binding was made from; when it changes its key the connections are given
 * up, and a new handshake binds the new one.
 */
import type { CertificatePins, ChannelBinding, Did, PeerReply, PeerRequest, PeerTransport } from '@hansa/protocols'
import { Pool } from 'undici'
import { MeshError } from '../errors.ts'
import type { AddressGuard } from '../fetch/address.ts'
import { collectReply } from '../fetch/collect-reply.ts'
import { fetchTarget } from '../fetch/fetch-target.ts'
import { networkFault } from '../fetch/network-fault.ts'
import { CertificateKeys } from './certificate-keys.ts'
import { type EndpointParts, endpointParts } from './endpoint.ts'
import { localBinding } from './local-binding.ts'
import type { PeerConnector } from './peer-connector.ts'
import { type PeerReachInit, peerReach } from './peer-reach.ts'

export type HttpPeerTransportInit = PeerReachInit & {
  /** @default 64 */
  connectionsPerOrigin?: number
}

/** Longest that a reply's head is waited for: the longest deadline an intent can name, and some for the way. */
const HEAD_TIMEOUT_MS = 620_000
/** Longest silence inside a reply. */
const BODY_SILENCE_MS = 30_000
/** Origins of one peer to which connections are kept: one that moves on and on leaves none behind. */
const MAX_POOLS_PER_PEER = 4
/** Largest head of a reply, bytes (security.md B13). */
const MAX_HEAD_BYTES = 16_384

/** @throws MeshError `invalid_address_range` when `allowPrivate` has a range that cannot be read. */
export function httpPeerTransport(init: HttpPeerTransportInit): PeerTransport & AsyncDisposable {
  return new HttpPeerTransport(init)
}

/** An endpoint that passed the rules, and how to send to it. `way` names the pool. */
type Route = EndpointParts & { way: string; pool: Pool }

class HttpPeerTransport implements PeerTransport, AsyncDisposable {
  readonly #guard: AddressGuard
  readonly #publicPorts: readonly number[]
  readonly #connections: number
  readonly #connector: PeerConnector
  readonly #keys = new CertificateKeys()
  /** By peer and endpoint as written, so that the path of a call parses no URL. Each ends with its pool. */
  readonly #routes = new Map<string, Route>()
  readonly #pools = new Map<string, Pool>()

  constructor(init: HttpPeerTransportInit) {
    const { guard, publicPorts, connector } = peerReach(init)
    this.#guard = guard
    this.#publicPorts = publicPorts
    this.#connections = init.connectionsPerOrigin ?? 64
    this.#connector = connector
  }

  usePins(pins: CertificatePins): void {
    this.#connector.usePins(pins)
  }

  async send(request: PeerRequest): Promise<PeerReply> {
    const { pool, prefix } = this.#route(request.endpoint, request.peer)
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
      const { code, reason } = networkFault(error)
      throw unreachable(request.endpoint, reason, error, code === 'too_large' || code === 'malformed')
    }
  }

  async binding(endpoint: string, peer?: Did): Promise<ChannelBinding | undefined> {
    const parts = endpointParts(endpoint)
    if (parts === undefined || !fetchTarget(endpoint, this.#guard, this.#publicPorts).ok) return undefined
    if (parts.protocol === 'http:') return localBinding(endpoint)
    try {
      const way = wayTo(parts.origin, peer)
      const { value, changed } = await this.#keys.probe(parts, way, this.#connector.connector(peer))
      if (changed) this.#drop(way)
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

  #route(endpoint: string, peer: Did | undefined): Route {
    const name = wayTo(endpoint, peer)
    const known = this.#routes.get(name)
    if (known !== undefined) return known
    const target = fetchTarget(endpoint, this.#guard, this.#publicPorts)
    if (!target.ok) throw unreachable(endpoint, target.reason)
    const parts = endpointParts(endpoint)
    if (parts === undefined) throw unreachable(endpoint, 'a base URL has no query, fragment, name or password')
    const way = wayTo(parts.origin, peer)
    const route = { ...parts, way, pool: this.#pool(parts.origin, way, peer) }
    this.#routes.set(name, route)
    return route
  }

  #pool(origin: string, way: string, peer: Did | undefined): Pool {
    const known = this.#pools.get(way)
    if (known !== undefined) return known
    const pool = new Pool(origin, {
      connect: this.#connector.connector(peer, (socket) => this.#keys.check(socket, way)),
      connections: this.#connections,
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: HEAD_TIMEOUT_MS,
      bodyTimeout: BODY_SILENCE_MS,
    })
    this.#pools.set(way, pool)
    if (peer !== undefined) this.#dropOldest(peer)
    return pool
  }

  #dropOldest(peer: Did): void {
    const ways = [...this.#pools.keys()].filter((way) => way.endsWith(` ${peer}`))
    for (const way of ways.slice(0, -MAX_POOLS_PER_PEER)) this.#drop(way)
  }

  /** Calls under way end on their old connections; new ones open fresh connections. */
  #drop(way: string): void {
    const pool = this.#pools.get(way)
    this.#pools.delete(way)
    for (const [name, route] of this.#routes) if (route.way === way) this.#routes.delete(name)
    pool?.close().catch(() => pool.destroy())
  }
}

/** Two peers at one origin share no connection: one of them must not decide which certificate the other may show. */
function wayTo(place: string, peer: Did | undefined): string {
  return peer === undefined ? place : `${place} ${peer}`
}

function unreachable(endpoint: string, reason: string, cause?: unknown, answered = false): MeshError {
  const detail = { code: 'unreachable', endpoint, reason, ...(answered ? { answered } : {}) } as const
  return new MeshError(detail, `${endpoint} cannot be reached: ${reason}`, { cause })
}

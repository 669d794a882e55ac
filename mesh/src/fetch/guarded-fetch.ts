/**
 * The adapter for every outbound fetch of something a stranger named: manifests, registries (security.md B11).
 *
 * One connection per fetch, without cookies, credentials, proxy or redirects, in identity encoding, bounded in bytes and
 * time. What goes wrong is a returned fault, because a bad URL among many is an ordinary outcome.
 */
import type { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher } from 'undici'
import { type ShownCertificate, shownCertificate } from '../transport/certificate-key.ts'
import { type AddressGuard, type AllowPrivate, addressGuard } from './address.ts'
import { type CollectedReply, collectReply } from './collect-reply.ts'
import { fetchTarget, PUBLIC_PORTS } from './fetch-target.ts'
import { AddressRefused, guardedConnector, type ResolveHost, systemResolve } from './guarded-connector.ts'
import { ExchangeStopped, type NetworkFaultCode, networkFault } from './network-fault.ts'

export type GuardedFetchInit = {
  /** Which addresses besides public ones may be reached. Plain HTTP is only for these. */
  allowPrivate: AllowPrivate
  /** Ports on which public addresses may be reached. @default [443, 8443] */
  ports?: readonly number[]
  /** @default 5_000 */
  connectTimeoutMs?: number
  /** From the request to the last byte. @default 10_000 */
  totalTimeoutMs?: number
  /** @default the system's resolver */
  resolve?: ResolveHost
  /** Roots in PEM that are trusted besides those of Node. */
  ca?: string
}

export type FetchFaultCode = NetworkFaultCode | 'url_refused'
export type FetchFault = { ok: false; code: FetchFaultCode /** One sentence for people. */; reason: string }
/**
 * `contentType` is in lower case and without parameters; empty when there is none. `date` is what the answer says the
 * time is, Unix seconds.
 */
export type Fetched = { ok: true; status: number; contentType: string; date?: number; body: Uint8Array } | FetchFault

/** With what the other end of a TLS connection showed; without it for plain HTTP. */
export type FetchedOverAny = Fetched & { certificate?: ShownCertificate }

export type FetchBounds = {
  /** Largest body that is read. */
  maxBytes: number
  signal?: AbortSignal | undefined
}

/** `headers`: besides those of the fetch itself, which take their place where both have one; in lower case. */
export type FetchBody = { contentType: string; bytes: Uint8Array; headers?: Readonly<Record<string, string>> }

export interface GuardedFetch {
  /** Any status but a redirect is an answer, also 404 and 500. */
  get(url: string, bounds: FetchBounds): Promise<Fetched>
  /**
   * Like `get`, and whoever answers is heard, whatever the certificate. For content that proves itself and names the key
   * of the certificate, which the caller has to compare.
   */
  getOverAnyCertificate(url: string, bounds: FetchBounds): Promise<FetchedOverAny>
  post(url: string, body: FetchBody, bounds: FetchBounds): Promise<Fetched>
}

/** Largest head of an answer, bytes (security.md B13). */
const MAX_HEAD_BYTES = 16_384

/** @throws MeshError `invalid_address_range` when `allowPrivate` has a range that cannot be read. */
export function guardedFetch(init: GuardedFetchInit): GuardedFetch {
  const guard = addressGuard(init.allowPrivate)
  const publicPorts = init.ports ?? PUBLIC_PORTS
  const rules = {
    guard,
    publicPorts,
    connectTimeoutMs: init.connectTimeoutMs ?? 5_000,
    resolve: init.resolve ?? systemResolve,
    ...(init.ca === undefined ? {} : { ca: init.ca }),
  }
  const verified = guardedConnector(rules)
  const machinery = (connect: buildConnector.connector): Machinery => {
    return { guard, publicPorts, connect, totalTimeoutMs: init.totalTimeoutMs ?? 10_000 }
  }
  const send = (text: string, request: Request, bounds: FetchBounds) =>
    fetchOnce(machinery(verified), text, request, bounds)
  return {
    get: (url, bounds) => send(url, { method: 'GET' }, bounds),
    async getOverAnyCertificate(url, bounds) {
      let shown: ShownCertificate | undefined
      const onConnected = (socket: Socket) => {
        shown = shownCertificate(socket)
      }
      const connect = once(guardedConnector({ ...rules, certificates: 'any', onConnected }))
      const fetched = await fetchOnce(machinery(connect), url, { method: 'GET' }, bounds)
      return shown === undefined ? fetched : { ...fetched, certificate: shown }
    },
    post: (url, body, bounds) => send(url, { method: 'POST', ...body }, bounds),
  }
}

/** One connection, so that what it showed is what the answer came over. */
function once(connect: buildConnector.connector): buildConnector.connector {
  let used = false
  return (options, callback) => {
    if (used) return callback(new AddressRefused('the connection was cut and is not opened again'), null)
    used = true
    connect(options, callback)
  }
}

type Request = { method: 'GET' } | ({ method: 'POST' } & FetchBody)
type Machinery = {
  guard: AddressGuard
  publicPorts: readonly number[]
  connect: buildConnector.connector
  totalTimeoutMs: number
}

async function fetchOnce(machinery: Machinery, text: string, request: Request, bounds: FetchBounds): Promise<Fetched> {
  const target = fetchTarget(text, machinery.guard, machinery.publicPorts)
  if (!target.ok) return { ok: false, code: 'url_refused', reason: target.reason }
  const client = new Client(target.url.origin, {
    connect: machinery.connect,
    pipelining: 0,
    allowH2: false,
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const timeout = AbortSignal.timeout(machinery.totalTimeoutMs)
  const signal = bounds.signal === undefined ? timeout : AbortSignal.any([timeout, bounds.signal])
  try {
    const options = dispatchOptions(target.url, request)
    const reply = await collectReply(client, options, { maxBytes: bounds.maxBytes, signal, refuseHead })
    const date = dateOf(reply)
    const { status, body } = reply
    return { ok: true, status, contentType: mediaType(reply), ...(date === undefined ? {} : { date }), body }
  } catch (error) {
    return { ok: false, ...networkFault(error) }
  } finally {
    await client.destroy()
  }
}

function dispatchOptions(url: URL, request: Request): Dispatcher.DispatchOptions {
  const path = `${url.pathname}${url.search}`
  const headers = { 'accept-encoding': 'identity', accept: '*/*' }
  if (request.method === 'GET') return { path, method: 'GET', headers }
  const all = { ...request.headers, ...headers, 'content-type': request.contentType }
  return { path, method: 'POST', headers: all, body: request.bytes }
}

function dateOf({ headers }: CollectedReply): number | undefined {
  const ms = typeof headers.date === 'string' ? Date.parse(headers.date) : Number.NaN
  return Number.isFinite(ms) ? Math.floor(ms / 1000) : undefined
}

function refuseHead(status: number, headers: CollectedReply['headers']): ExchangeStopped | undefined {
  // A redirect would have to be judged like the first URL, and a permanent one would outlive the judgement.
  if (status >= 300 && status < 400)
    return new ExchangeStopped('redirected', `the answer is a redirect (${status}); redirects are not followed`)
  const encoding = headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return undefined
  return new ExchangeStopped('malformed', 'the answer is compressed, which was not asked for')
}

function mediaType(reply: CollectedReply): string {
  const header = reply.headers['content-type']
  const text = Array.isArray(header) ? header[0] : header
  return (text ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

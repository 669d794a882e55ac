/** The adapter for an answer that goes on for as long as it likes: under the address rules of `guardedFetch`, bounded in silence instead of bytes. */
import { Client } from 'undici'
import { addressGuard } from './address.ts'
import { fetchTarget, PUBLIC_PORTS } from './fetch-target.ts'
import { guardedConnector, systemResolve } from './guarded-connector.ts'
import type { FetchFault, GuardedFetchInit } from './guarded-fetch.ts'
import { networkFault } from './network-fault.ts'

/** `chunks` ends with the stream, and throws when it breaks off or is silent for too long. */
export type Streamed = { ok: true; status: number; contentType: string; chunks: AsyncIterable<Uint8Array> } | FetchFault

export type StreamBounds = {
  /** Longest silence, milliseconds. */
  idleMs: number
  /** Ends it, before and after the head. */
  signal: AbortSignal
  /** Lower case. */
  headers?: Readonly<Record<string, string>>
  /** @default a GET */
  send?: { method: 'GET' | 'POST' | 'DELETE'; body?: string | Uint8Array }
}

/** One request over a connection of its own, which ends with the stream of what is answered. */
export type GuardedStream = (url: string, bounds: StreamBounds) => Promise<Streamed>

const MAX_HEAD_BYTES = 16_384

/** @throws MeshError `invalid_address_range` when `allowPrivate` has a range that cannot be read. */
export function guardedStream(init: Omit<GuardedFetchInit, 'totalTimeoutMs'>): GuardedStream {
  const guard = addressGuard(init.allowPrivate)
  const publicPorts = init.ports ?? PUBLIC_PORTS
  const connectTimeoutMs = init.connectTimeoutMs ?? 5_000
  const connect = guardedConnector({
    ...{ guard, publicPorts, connectTimeoutMs, resolve: init.resolve ?? systemResolve },
    ...(init.ca === undefined ? {} : { ca: init.ca }),
  })
  return async (text, { idleMs, signal, headers = {}, send = { method: 'GET' } }) => {
    const target = fetchTarget(text, guard, publicPorts)
    if (!target.ok) return { ok: false, code: 'url_refused', reason: target.reason }
    const { url } = target
    const limits = { maxHeaderSize: MAX_HEAD_BYTES, headersTimeout: idleMs, bodyTimeout: idleMs }
    const client = new Client(url.origin, { connect, pipelining: 0, allowH2: false, ...limits })
    try {
      const all = { ...headers, 'accept-encoding': 'identity', accept: '*/*' }
      const path = `${url.pathname}${url.search}`
      const { method, body: sent = null } = send
      const answer = await client.request({ path, method, headers: all, signal, body: sent })
      const { statusCode, headers: head, body } = answer
      const encoding = head['content-encoding']
      const refused = statusCode >= 300 && statusCode < 400 ? 'redirected' : undefined
      if (refused !== undefined || (encoding !== undefined && encoding !== 'identity')) {
        await client.destroy()
        const reason = refused ? 'the answer is a redirect' : 'the answer is compressed, which was not asked for'
        return { ok: false, code: refused ?? 'malformed', reason }
      }
      const contentType =
        String(head['content-type'] ?? '')
          .split(';', 1)[0]
          ?.trim()
          .toLowerCase() ?? ''
      return { ok: true, status: statusCode, contentType, chunks: closing(body, client) }
    } catch (error) {
      await client.destroy()
      return { ok: false, ...networkFault(error) }
    }
  }
}

async function* closing(body: AsyncIterable<Uint8Array>, client: Client): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body
  } finally {
    await client.destroy()
  }
}

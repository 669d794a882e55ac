/** `GuardedFetch` over a memory network: for discovery and registries inside one process. */
import { KernelError } from '@hansa/protocols'
import type { Fetched, GuardedFetch } from '../fetch/guarded-fetch.ts'
import type { MemoryNetwork } from './memory-network.ts'

/** @param source endpoint or name of whoever fetches. URLs are split into an attached origin and a path. */
export function memoryFetch(network: MemoryNetwork, source: string): GuardedFetch {
  const transport = network.transport(source)
  const send = async (
    text: string,
    request: Pick<Request, 'method' | 'contentType' | 'body'>,
    bounds: Bounds,
  ): Promise<Fetched> => {
    const url = URL.parse(text)
    if (url === null) return { ok: false, code: 'url_refused', reason: `"${text}" is not a URL` }
    const { signal, maxBytes } = bounds
    const path = url.pathname + url.search
    const optional = signal === undefined ? {} : { signal }
    try {
      const reply = await transport.send({
        endpoint: url.origin,
        path,
        maxReplyBytes: maxBytes,
        ...optional,
        ...request,
      })
      return { ok: true, status: reply.status, contentType: '', body: reply.body }
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      return { ok: false, code: 'unreachable', reason: error.message }
    }
  }
  return {
    get: (url, bounds) => send(url, { method: 'GET' }, bounds),
    getOverAnyCertificate: (url, bounds) => send(url, { method: 'GET' }, bounds),
    post: (url, { contentType, bytes }, bounds) => send(url, { method: 'POST', contentType, body: bytes }, bounds),
  }
}

type Bounds = Parameters<GuardedFetch['get']>[1]
type Request = Parameters<ReturnType<MemoryNetwork['transport']>['send']>[0]

/**
 * The transport of the floors: HTTP/1.1 with kept-alive connections, node:http on one side and an undici pool on the
 * other, bytes in and bytes out. On undici's callbacks, because its body streams cost more than some of the floors.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Dispatcher, Pool } from 'undici'

/** Connections of a caller to one origin; the transport between kernels has as many. */
const CONNECTIONS = 64

/** Serves on a free port of loopback. @returns the origin. */
export async function listenHttp(answer: (body: Buffer) => Buffer | Promise<Buffer>): Promise<string> {
  const server = createServer({ noDelay: true, keepAliveTimeout: 65_000 }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      try {
        const body = await answer(whole(chunks))
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length })
        response.end(body)
      } catch (error) {
        response.writeHead(500).end(String(error))
      }
    })
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** @returns posts a body and resolves with that of the answer; rejects unless the status is 200. */
export function httpPoster(origin: string): (body: Buffer) => Promise<Buffer> {
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 })
  const headers = { 'content-type': 'application/octet-stream' }
  return (body) => {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    pool.dispatch({ path: '/', method: 'POST', headers, body }, replyCollector(resolve, reject))
    return promise
  }
}

function replyCollector(resolve: (body: Buffer) => void, reject: (error: Error) => void): Dispatcher.DispatchHandler {
  const chunks: Buffer[] = []
  let status = 0
  return {
    onRequestStart() {},
    onResponseStart(_controller, code) {
      status = code
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk)
    },
    onResponseEnd() {
      if (status === 200) resolve(whole(chunks))
      else reject(new Error(`answered ${status}: ${whole(chunks).toString('utf8')}`))
    },
    onResponseError: (_controller, error) => reject(error),
  }
}

function whole(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}

/**
 * What a supervisor and a monitoring system ask a node: `GET /health`, `/ready`, `/metrics`. Reads only, and says
 * nothing of calls but how many and how long.
 */
import { createServer, type Server } from 'node:http'
import type { ListenAddress } from '../config/listen-address.ts'
import { type ListeningServer, listeningServer } from '../gateway/listening-server.ts'
import { OperationsError } from './errors.ts'
import type { NodeMetrics } from './metrics.ts'

export type Readiness = {
  ready: boolean
  reasons: readonly string[]
  /** What will keep it from being ready if nobody acts. @default nothing */
  warnings?: readonly string[]
}

export type OperationsListenerInit = {
  listen: ListenAddress
  metrics: NodeMetrics
  readiness(): Promise<Readiness>
}

/** Milliseconds for the headers of a request; a prober sends them at once. */
const HEADERS_TIMEOUT_MS = 5_000
const MAX_CONNECTIONS = 64

/** @throws OperationsError when the address cannot be listened on. */
export async function operationsListener(init: OperationsListenerInit): Promise<ListeningServer> {
  const server = createServer({ maxHeaderSize: 8_192, headersTimeout: HEADERS_TIMEOUT_MS }, (request, response) => {
    answer(init, request.method ?? '', (request.url ?? '').split('?', 1)[0] ?? '').then(
      ({ status, type, body }) => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', connection: 'close' }).end(body)
      },
      () => response.writeHead(500, { connection: 'close' }).end(),
    )
  })
  server.maxConnections = MAX_CONNECTIONS
  await listening(server, init.listen)
  return listeningServer(server, init.listen.host)
}

type Answer = { status: number; type: string; body: string }

async function answer({ metrics, readiness }: OperationsListenerInit, method: string, path: string): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'use GET' })
  switch (path) {
    case '/health':
      // A node whose log cannot be written ends its process: that it answers is its health.
      return json(200, { status: 'ok' })
    case '/ready': {
      const { ready, reasons, warnings = [] } = await readiness()
      return json(ready ? 200 : 503, { ready, reasons, ...(warnings.length === 0 ? {} : { warnings }) })
    }
    case '/metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.text() }
    default:
      return json(404, { error: 'there are /health, /ready and /metrics' })
  }
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` }
}

function listening(server: Server, { host, port }: ListenAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', (cause: NodeJS.ErrnoException) => {
    const address = `${host}:${port}`
    const message =
      cause.code === 'EADDRINUSE'
        ? `Another process listens on ${address}: choose another place for operations.listen.`
        : `Cannot listen on ${address} for operations: ${cause.message}.`
    reject(new OperationsError({ code: 'operations_unavailable', address }, message, { cause }))
  })
  server.listen(port, host, resolve)
  return promise
}

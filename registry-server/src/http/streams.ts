/** Answers that are not one JSON object: the watch stream, and the log as files. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { registryOpenApi, registryStreams } from '@hansa/protocols'
import { CHECKPOINT_PATH, parseTilePath } from '@hansa/trust/ledger'
import type { RegistryLog } from '../log/registry-log.ts'
import type { RegistryMetrics } from '../operations/metrics.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { WatchServer } from '../watch/serve-watch.ts'

export type StreamName = keyof typeof registryStreams
export type StreamMatch = { name: StreamName; rest: string; search: URLSearchParams }
export type StreamComponents = { watchers: WatchServer; log: RegistryLog; metrics: RegistryMetrics }

/** @returns undefined for what is none of them. */
export function matchStream(method: string, target: string): StreamMatch | undefined {
  const [path = '', query = ''] = target.split('?', 2)
  for (const name of Object.keys(registryStreams) as StreamName[]) {
    const { method: expected, path: prefix } = registryStreams[name]
    const fits = prefix.endsWith('/') ? path.startsWith(prefix) : path === prefix
    if (fits && method === expected)
      return { name, rest: path.slice(prefix.length), search: new URLSearchParams(query) }
  }
  return undefined
}

/** @returns a refusal when nothing was answered yet. */
export async function serveStream(
  { watchers, log, metrics }: StreamComponents,
  request: IncomingMessage,
  response: ServerResponse,
  { name, rest, search }: StreamMatch,
): Promise<Refusal | undefined> {
  if (name === 'log') return await serveLogFile(log, response, rest)
  if (name === 'openapi') {
    respondFile(response, 'application/json', 'no-store', Buffer.from(openApiText()))
    return undefined
  }
  if (name === 'metrics') {
    respondFile(response, 'text/plain; version=0.0.4; charset=utf-8', 'no-store', Buffer.from(await metrics.text()))
    return undefined
  }
  const cursor = request.headers['last-event-id'] ?? search.get('after') ?? undefined
  if (cursor === undefined) return await watchers.serve(request, response, undefined)
  if (typeof cursor !== 'string' || !/^(?:0|[1-9][0-9]{0,14})$/.test(cursor))
    return refuse('invalid_request', 'not_a_cursor')
  return await watchers.serve(request, response, Number(cursor))
}

let openApi: string | undefined

/** Made when somebody asks for it, and once. */
function openApiText(): string {
  openApi ??= JSON.stringify(registryOpenApi())
  return openApi
}

/** What has been given out once under the path of a tile never becomes anything else. */
const FOR_GOOD = 'public, max-age=31536000, immutable'

async function serveLogFile(log: RegistryLog, response: ServerResponse, path: string): Promise<Refusal | undefined> {
  if (path === CHECKPOINT_PATH) {
    const { note } = await log.checkpoint()
    respondFile(response, 'text/plain; charset=utf-8', 'no-store', Buffer.from(note))
    return undefined
  }
  const tile = parseTilePath(path)
  const bytes = tile && (await log.tile(tile))
  if (bytes === undefined) return refuse('not_found', 'no_such_file_of_the_log')
  respondFile(response, 'application/octet-stream', FOR_GOOD, bytes)
  return undefined
}

function respondFile(response: ServerResponse, type: string, cache: string, bytes: Uint8Array): void {
  response.writeHead(200, {
    'content-type': type,
    'content-length': bytes.length,
    'cache-control': cache,
    'x-content-type-options': 'nosniff',
  })
  response.end(bytes)
}

/**
 * Some servers of the kit answer neither `server/discover` nor `initialize`, so that nobody can find out what they speak.
 * For their scenarios, which are about what comes after, this stands before them and answers `server/discover`.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'

/** By scenario, what its server has. */
const undiscoverable: Readonly<Record<string, object>> = {
  'sep-2322-client-request-state': { tools: {} },
  'http-standard-headers': { tools: {}, resources: {}, prompts: {} },
  'http-custom-headers': { tools: {} },
  'http-invalid-tool-headers': { tools: {} },
}

const discovered = (capabilities: object) => ({
  resultType: 'complete',
  supportedVersions: ['2026-07-28'],
  capabilities,
  ttlMs: 0,
  cacheScope: 'private',
})

export async function discoverable(url: string, scenario: string): Promise<AsyncDisposable & { url: string }> {
  const capabilities = undiscoverable[scenario]
  if (capabilities === undefined) return { url, [Symbol.asyncDispose]: async () => {} }
  const server = createServer((request, response) => {
    pass(url, capabilities, request, response).catch(() => response.destroy())
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}${new URL(url).pathname}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function pass(
  url: string,
  capabilities: object,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const body = Buffer.concat(parts)
  const asked =
    request.method === 'POST' ? (JSON.parse(body.toString('utf8')) as { id?: unknown; method?: string }) : {}
  if (asked.method === 'server/discover') {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result: discovered(capabilities) }))
    return
  }
  const { host, connection, 'content-length': length, ...headers } = request.headers
  const answer = await fetch(url, {
    method: request.method ?? 'GET',
    headers: headers as Record<string, string>,
    ...(body.length === 0 ? {} : { body }),
  })
  const { 'content-encoding': encoding, 'content-length': size, ...kept } = Object.fromEntries(answer.headers)
  response.writeHead(answer.status, kept)
  if (answer.body === null) response.end()
  else Readable.fromWeb(answer.body as never).pipe(response)
}

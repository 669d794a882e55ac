/**
 * Stands on loopback before a node and shows a credential with every request that it passes on: the kits show none. It
 * changes nothing else that it is not told to, so that what a node says of Host and Origin is the node's own word.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type CredentialProxy = AsyncDisposable & {
  /** `http://HOST:PORT` */
  url: string
}

/** Milliseconds; a client on a busy machine comes back late. */
const KEEP_ALIVE_MS = 60_000

export type CredentialProxyInit = {
  /** @default localhost */
  host?: string
  /** @default one that is free */
  port?: number
  /** What goes on instead of a body. @default each goes on as it comes */
  altered?: (body: Buffer) => Buffer
}

export async function credentialProxy(
  target: string,
  credential: string,
  { host = 'localhost', port = 0, altered }: CredentialProxyInit = {},
): Promise<CredentialProxy> {
  const server = createServer((incoming, response) => {
    void pass(new URL(target), credential, { incoming, response, altered }).catch(() => response.destroy())
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.listen(port, host)
  await once(server, 'listening')
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

type Passing = {
  incoming: IncomingMessage
  response: ServerResponse
  altered: CredentialProxyInit['altered']
}

async function pass(target: URL, credential: string, { incoming, response, altered }: Passing): Promise<void> {
  const body = altered === undefined ? undefined : altered(await wholeBody(incoming))
  const headers = [...incoming.rawHeaders, 'Authorization', `Bearer ${credential}`]
  const { hostname: host, port } = target
  const sent = body === undefined ? headers : withLength(headers, body.length)
  const onward = request({ host, port, method: incoming.method, path: incoming.url, headers: sent })
  onward.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
    // An event stream begins with its head, long before its first event.
    response.flushHeaders()
    answer.pipe(response)
  })
  onward.once('error', () => response.destroy())
  response.once('close', () => onward.destroy())
  if (body === undefined) incoming.pipe(onward)
  else onward.end(body)
}

async function wholeBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** @param raw names and values in turn */
function withLength(raw: readonly string[], length: number): string[] {
  const framing = new Set(['content-length', 'transfer-encoding'])
  const kept = raw.filter((_text, at) => !framing.has(raw[at - (at % 2)]?.toLowerCase() ?? ''))
  return [...kept, 'Content-Length', String(length)]
}

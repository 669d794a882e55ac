/**
 * Stands on loopback before a node and shows a credential with every request that it passes on: the kit shows none. It
 * changes nothing else, so that what a node says of Host and Origin is the node's own word.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type CredentialProxy = AsyncDisposable & {
  /** `http://localhost:PORT` */
  url: string
}

/** Milliseconds; a client on a busy machine comes back late. */
const KEEP_ALIVE_MS = 60_000

/** @param port @default one that is free */
export async function credentialProxy(target: string, credential: string, port = 0): Promise<CredentialProxy> {
  const server = createServer((incoming, response) => pass(new URL(target), credential, incoming, response))
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.listen(port, 'localhost')
  await once(server, 'listening')
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function pass(target: URL, credential: string, incoming: IncomingMessage, response: ServerResponse): void {
  const headers = [...incoming.rawHeaders, 'Authorization', `Bearer ${credential}`]
  const { hostname: host, port } = target
  const onward = request({ host, port, method: incoming.method, path: incoming.url, headers })
  onward.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
    // An event stream begins with its head, long before its first event.
    response.flushHeaders()
    answer.pipe(response)
  })
  onward.once('error', () => response.destroy())
  response.once('close', () => onward.destroy())
  incoming.pipe(onward)
}

/** A server that listens: where it is reached, and how it ends without waiting for whoever keeps a connection. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostAndPort } from '../host-and-port.ts'

export interface ListeningServer extends AsyncDisposable {
  /** `http://HOST:PORT`. */
  readonly url: string
}

/** @param host it was told to listen on */
export function listeningServer(server: Server, host: string): ListeningServer {
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${hostAndPort(host, port)}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

/** A real HTTP server on a free loopback port, for the tests of the adapters. */
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TestCertificate } from './self-signed-certificate.ts'

export type TestServer = AsyncDisposable & {
  /** `http://127.0.0.1:<port>` or the same with https. */
  origin: string
  port: number
  /** Connections that were accepted so far. */
  readonly connections: number
}

/** @param at a port that has to be taken; free ones are found without. */
export async function httpServer(
  listener: RequestListener,
  certificate?: TestCertificate,
  at = 0,
): Promise<TestServer> {
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener)
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A real HTTP server on a free loopback port, for the tests of the adapters. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TestCertificate } from './self-signed-certificate.ts'

export type TestServer = AsyncDisposable & {
  /** `http://127.0.0.1:<port>` or the same with https. */
  origin: string
  port: number
  /** Connections that were accepted so far. */
  readonly connections: number
  /** Connections that are open now. */
  readonly open: number
  onUpgrade(take: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void
}

/** The port and the loopback address are chosen here unless they have to be certain ones. */
export async function httpServer(
  listener: RequestListener,
  certificate?: TestCertificate,
  { port: wanted = 0, host = '127.0.0.1' }: { port?: number; host?: string } = {},
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
  await new Promise<void>((resolve) => server.listen(wanted, host, resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `${certificate === undefined ? 'http' : 'https'}://${host}:${port}`,
    port,
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    onUpgrade: (take) => void server.on('upgrade', take),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A real server on a free loopback port that takes sessions over WebSockets, for the tests of the adapters. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type ChannelBinding, type Clock, type InboundHandler, SESSION_PATH } from '@hansa/protocols'
import { type SessionLink, sessionLink } from '../session/session-link.ts'
import { exporterOf, type WebSocketBinding, webSocketTaker } from '../session/web-socket-channel.ts'
import { spkiHash } from '../transport/certificate-key.ts'
import { localBinding } from '../transport/local-binding.ts'
import { httpServer } from './http-server.ts'
import type { TestCertificate } from './self-signed-certificate.ts'

export type WebSocketTestServer = AsyncDisposable & {
  /** Base URL for single requests, which nobody answers here. */
  origin: string
  /** Where sessions are opened. */
  url: string
  links: SessionLink[]
  sockets: Socket[]
}

export type WebSocketTestServerInit = {
  clock: Clock
  certificate?: TestCertificate
  /** What the server sees of a connection. @default all that it can */
  sees?: readonly WebSocketBinding[]
}

export async function webSocketServer(
  handler: InboundHandler,
  { clock, certificate, sees = ['exporter', 'spki', 'local'] }: WebSocketTestServerInit,
): Promise<WebSocketTestServer> {
  const links: SessionLink[] = []
  const sockets: Socket[] = []
  const take = webSocketTaker()
  const server = await httpServer((_request, response) => void response.writeHead(404).end(), certificate)
  const bindingsOf = (socket: Socket) => {
    const bindings: Partial<Record<WebSocketBinding, ChannelBinding>> = {}
    const exporter = socket instanceof TLSSocket ? exporterOf(socket) : undefined
    const local = socket instanceof TLSSocket ? undefined : localBinding(server.origin)
    if (exporter !== undefined) bindings.exporter = { kind: 'exporter', value: exporter }
    if (certificate !== undefined) bindings.spki = { kind: 'spki', value: spkiHash(certificate.cert) }
    if (local !== undefined) bindings.local = local
    return Object.fromEntries(Object.entries(bindings).filter(([kind]) => sees.some((one) => one === kind)))
  }
  server.onUpgrade((request, socket, head) => {
    sockets.push(request.socket)
    take({ request, socket, head }, bindingsOf(request.socket), (channel) => {
      links.push(sessionLink({ role: 'taken', channel }, { clock, handler }))
    })
  })
  return {
    ...{ origin: server.origin, url: server.origin.replace(/^http/, 'ws') + SESSION_PATH, links, sockets },
    [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose](),
  }
}

/**
 * Channels over WebSockets (RFC 6455): the one file that knows the library. One binary message is one frame of a session;
 * nothing is compressed, because lengths of compressed secrets tell of them.
 *
 * The subprotocol says what the session is bound to: `hansa-session-1.exporter` keying material of this TLS connection,
 * `.spki` the key of the certificate where a proxy ends the TLS, `.local` the endpoint on this machine. The side that
 * opens offers what it can see, best first, and the other picks the first that it can see too.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { type ChannelBinding, MAX_FRAME_BYTES } from '@hansa/protocols'
import { WebSocket, WebSocketServer } from 'ws'
import type { FramedChannel } from './framed-channel.ts'

/** In the order in which they are preferred. */
export const webSocketBindings = ['exporter', 'spki', 'local'] as const
export type WebSocketBinding = (typeof webSocketBindings)[number]

/** Milliseconds for the answer to an upgrade, and for a good-bye to be answered. */
const UPGRADE_LIMIT_MS = 5_000
const CLOSE_LIMIT_MS = 2_000
/** Longest reason that fits into a close frame, bytes. */
const MAX_CLOSE_REASON = 120

const common = { perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES, maxFragments: 16, closeTimeout: CLOSE_LIMIT_MS }

const EXPORTER_LABEL = 'EXPORTER-Channel-Binding'

/** Keying material of a TLS connection (RFC 9266). @returns undefined below TLS 1.3, where two connections can share it. */
export function exporterOf(socket: TLSSocket): Uint8Array | undefined {
  if (socket.getProtocol() !== 'TLSv1.3') return undefined
  return socket.exportKeyingMaterial(32, EXPORTER_LABEL, Buffer.alloc(0))
}

/**
 * Upgrades a connection that is open.
 * @param bindings what this side can see of the connection.
 * @throws Error whose message says why the other side did not.
 */
export async function openWebSocketChannel(
  url: string,
  socket: Socket,
  bindings: Partial<Record<WebSocketBinding, ChannelBinding>>,
): Promise<FramedChannel> {
  const offers = webSocketBindings.filter((kind) => bindings[kind] !== undefined).map(subprotocol)
  const options = { ...common, handshakeTimeout: UPGRADE_LIMIT_MS, followRedirects: false }
  const webSocket = new WebSocket(url, offers, { ...options, createConnection: () => socket })
  // From the start: what comes with the answer to the upgrade must not be lost.
  const opened = Promise.withResolvers<void>()
  webSocket.once('open', () => opened.resolve())
  webSocket.once('unexpected-response', (request, response) => {
    opened.reject(new Error(`the upgrade was answered with ${response.statusCode ?? 'no status'}`))
    request.destroy()
    socket.destroy()
  })
  webSocket.on('error', (error) => opened.reject(error))
  const channel = new WebSocketChannel(webSocket, socket)
  await opened.promise
  channel.binding = bindings[bindingOf(webSocket.protocol)]
  return channel
}

/** @returns takes upgrades of a server. @throws nothing: what is no upgrade is answered and gone, and never taken. */
export function webSocketTaker(): (
  upgrade: { request: IncomingMessage; socket: Duplex; head: Buffer },
  bindings: Partial<Record<WebSocketBinding, ChannelBinding>>,
  taken: (channel: FramedChannel) => void,
) => void {
  const chosen = new WeakMap<IncomingMessage, WebSocketBinding>()
  const server = new WebSocketServer({
    ...common,
    noServer: true,
    clientTracking: false,
    handleProtocols: (_offers, request) => subprotocol(chosen.get(request) ?? 'local'),
  })
  return ({ request, socket, head }, bindings, taken) => {
    const offers = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((offer) => offer.trim())
    const kind = webSocketBindings.find((one) => bindings[one] !== undefined && offers.includes(subprotocol(one)))
    if (kind === undefined) return refuseUpgrade(socket, 400)
    chosen.set(request, kind)
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const channel = new WebSocketChannel(webSocket, request.socket)
      channel.binding = bindings[kind]
      taken(channel)
    })
  }
}

/** Answers an upgrade with a status, and closes. */
export function refuseUpgrade(socket: Duplex, status: 400 | 404 | 503): void {
  const reason = { 400: 'Bad Request', 404: 'Not Found', 503: 'Service Unavailable' }[status]
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function subprotocol(kind: WebSocketBinding): string {
  return `hansa-session-1.${kind}`
}

function bindingOf(protocol: string): WebSocketBinding {
  const kind = webSocketBindings.find((one) => subprotocol(one) === protocol)
  if (kind === undefined) throw new Error('the other side does not speak sessions')
  return kind
}

class WebSocketChannel implements FramedChannel {
  binding: ChannelBinding | undefined
  readonly source: string
  readonly closed: Promise<string>
  readonly #webSocket: WebSocket
  readonly #socket: Socket
  readonly #end: (reason: string) => void
  readonly #waiting: Uint8Array[] = []
  #take: ((message: Uint8Array) => void) | undefined
  #isClosed = false
  #isCorked = false
  #fault: string | undefined

  constructor(webSocket: WebSocket, socket: Socket) {
    this.#webSocket = webSocket
    this.#socket = socket
    this.source = socket.remoteAddress ?? 'unknown'
    const { promise, resolve } = Promise.withResolvers<string>()
    this.closed = promise
    this.#end = (reason) => {
      this.#isClosed = true
      resolve(reason)
    }
    socket.setNoDelay(true)
    webSocket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary))
    webSocket.on('error', (error) => {
      this.#fault = error.message
    })
    webSocket.on('close', (code, reason) => {
      const said = reason.toString('utf8') || this.#fault || `code ${code}`
      this.#end(`the connection was closed: ${said}`)
    })
  }

  send(message: Uint8Array): boolean {
    if (this.#isClosed) return true
    if (!this.#isCorked) this.#cork()
    this.#webSocket.send(message)
    return !this.#socket.writableNeedDrain
  }

  drained(): Promise<void> {
    if (this.#isClosed || !this.#socket.writableNeedDrain) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off('drain', done)
        this.#socket.off('close', done)
        resolve()
      }
      this.#socket.on('drain', done)
      this.#socket.on('close', done)
    })
  }

  onMessage(take: (message: Uint8Array) => void): void {
    this.#take = take
    for (const message of this.#waiting.splice(0)) take(message)
    this.#webSocket.resume()
  }

  pause(): void {
    this.#webSocket.pause()
  }

  resume(): void {
    this.#webSocket.resume()
  }

  close(reason: string): void {
    if (this.#isClosed) return
    // What is not read does not see the other side say good-bye.
    this.#webSocket.resume()
    this.#end(reason)
    this.#webSocket.close(1000, Buffer.from(reason).subarray(0, MAX_CLOSE_REASON).toString('utf8').toWellFormed())
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#isClosed) return
    if (!isBinary) this.close('a message of text')
    else if (this.#take !== undefined) this.#take(data)
    else {
      this.#waiting.push(data)
      this.#webSocket.pause()
    }
  }

  /** What is said within one turn of the event loop goes out in one write. */
  #cork(): void {
    this.#isCorked = true
    this.#socket.cork()
    setImmediate(() => {
      this.#isCorked = false
      this.#socket.uncork()
    })
  }
}

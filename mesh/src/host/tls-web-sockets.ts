/**
 * Dials hosts behind TLS: `/ip4/…/tcp/443/tls/ws`, with `/sni/…` behind `tls` where the address was a name. The number that was
 * judged is the one that is connected to; the name is only said.
 *
 * Any certificate will do. Who is there proves inside, by Noise, that it has the key of the PeerId; that key and no name is
 * what a kernel signs for in its pointer. TLS is there for proxies and firewalls that let nothing else pass.
 */
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import {
  type ComponentLogger,
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type Transport,
  transportSymbol,
} from '@libp2p/interface'
import { AbstractMultiaddrConnection, type AbstractMultiaddrConnectionInit } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { WebSocket } from 'ws'
import { MAX_STREAM_BUFFER_BYTES } from './limits.ts'

/** Largest message, bytes: libp2p writes frames of at most 64 KiB, and some of them together. */
const MAX_MESSAGE_BYTES = 1_048_576

export function tlsWebSockets(): (components: { logger: ComponentLogger }) => Transport {
  return ({ logger }) => new TlsWebSockets(logger)
}

class TlsWebSockets implements Transport {
  readonly [Symbol.toStringTag] = 'hansa-tls-websockets'
  readonly [transportSymbol] = true as const
  readonly #logger: ComponentLogger

  constructor(logger: ComponentLogger) {
    this.#logger = logger
  }

  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    const target = targetOf(address)
    const webSocket = await opened(target, options.signal)
    const log = this.#logger.forComponent('hansa:tls-websockets')
    const connection = new TlsConnection(webSocket, { remoteAddr: address, direction: 'outbound', log })
    return options.upgrader.upgradeOutbound(connection, options)
  }

  createListener(_options: CreateListenerOptions): Listener {
    throw new Error('a host listens without TLS; a proxy in front of it ends it')
  }

  listenFilter(): Multiaddr[] {
    return []
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => {
      const names = address.getComponents().map(({ name }) => name)
      return !names.includes('p2p-circuit') && (names.includes('tls') || names.includes('wss'))
    })
  }
}

type Target = { ip: string; port: number; name: string }

function targetOf(address: Multiaddr): Target {
  const parts = new Map(address.getComponents().map(({ name, value }) => [name, value]))
  const ip = parts.get('ip4') ?? parts.get('ip6')
  if (ip === undefined || isIP(ip) === 0) throw new Error(`${address} does not begin with an address`)
  return { ip, port: Number(parts.get('tcp')), name: parts.get('sni') ?? ip }
}

/** @throws Error when it does not answer, or is no WebSocket. */
async function opened(target: Target, signal: AbortSignal | undefined): Promise<WebSocket> {
  signal?.throwIfAborted()
  const socket = await connected(target, signal)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const place = `${isIP(target.name) === 6 ? `[${target.name}]` : target.name}:${target.port}`
  const webSocket = new WebSocket(`wss://${place}/`, {
    ...{ createConnection: () => socket, followRedirects: false, perMessageDeflate: false },
    maxPayload: MAX_MESSAGE_BYTES,
  })
  const end = () => reject(new Error('it did not answer in time'))
  signal?.addEventListener('abort', end, { once: true })
  webSocket.on('error', reject)
  webSocket.once('open', resolve)
  try {
    await promise
    return webSocket
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    signal?.removeEventListener('abort', end)
  }
}

function connected({ ip, port, name }: Target, signal: AbortSignal | undefined): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host: ip, port, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] },
      // See above: it is Noise that says who is there.
      rejectUnauthorized: false,
      ...(isIP(name) === 0 ? { servername: name } : {}),
    })
    const end = () => socket.destroy(new Error('it did not answer in time'))
    signal?.addEventListener('abort', end, { once: true })
    const settled = () => signal?.removeEventListener('abort', end)
    socket.once('error', (error) => {
      settled()
      reject(error)
    })
    socket.once('secureConnect', () => {
      settled()
      socket.setNoDelay(true)
      resolve(socket)
    })
  })
}

class TlsConnection extends AbstractMultiaddrConnection {
  readonly #webSocket: WebSocket

  constructor(webSocket: WebSocket, init: AbstractMultiaddrConnectionInit) {
    super(init)
    this.#webSocket = webSocket
    webSocket.binaryType = 'nodebuffer'
    webSocket.on('message', (data, isBinary) => {
      if (isBinary && data instanceof Buffer) this.onData(data)
      else this.abort(new Error('a message of text'))
    })
    webSocket.on('error', (error) => this.abort(error))
    webSocket.once('close', (code) => {
      if (code === 1000 || code === 1005) this.onTransportClosed()
      else this.onRemoteReset()
    })
  }

  override sendData(data: Parameters<AbstractMultiaddrConnection['sendData']>[0]) {
    const sent = () => {
      if (this.writableNeedsDrain && this.#webSocket.bufferedAmount === 0) this.safeDispatchEvent('drain')
    }
    // Copied: what is given may be written to again once this returns.
    this.#webSocket.send(data.slice(), sent)
    return { sentBytes: data.byteLength, canSendMore: this.#webSocket.bufferedAmount < MAX_STREAM_BUFFER_BYTES }
  }

  override sendReset(): void {
    this.#webSocket.terminate()
  }

  override async sendClose(): Promise<void> {
    this.#webSocket.close()
  }

  override sendPause(): void {
    this.#webSocket.pause()
  }

  override sendResume(): void {
    this.#webSocket.resume()
  }
}

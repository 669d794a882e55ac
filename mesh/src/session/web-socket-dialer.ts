/**
 * Opens sessions over WebSockets, under the rules of every outbound connection: addresses (security.md B11), and the
 * certificate keys that the peer's manifest names.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type CertificatePins, type ChannelBinding, type Did, WS_ENDPOINT_PROTO } from '@hansa/protocols'
import type { buildConnector } from 'undici'
import type { AddressGuard } from '../fetch/address.ts'
import { fetchTarget } from '../fetch/fetch-target.ts'
import { networkFault } from '../fetch/network-fault.ts'
import { certificateKeyHash } from '../transport/certificate-key.ts'
import { localBinding } from '../transport/local-binding.ts'
import type { PeerConnector } from '../transport/peer-connector.ts'
import { type PeerReachInit, peerReach } from '../transport/peer-reach.ts'
import type { ChannelDialer } from './channel-dialer.ts'
import type { FramedChannel } from './framed-channel.ts'
import { exporterOf, openWebSocketChannel, type WebSocketBinding } from './web-socket-channel.ts'

export type WebSocketDialerInit = PeerReachInit

/** @throws MeshError `invalid_address_range` when `allowPrivate` has a range that cannot be read. */
export function webSocketDialer(init: WebSocketDialerInit): ChannelDialer {
  return new WebSocketDialer(init)
}

class WebSocketDialer implements ChannelDialer {
  readonly proto = WS_ENDPOINT_PROTO
  readonly #guard: AddressGuard
  readonly #publicPorts: readonly number[]
  readonly #connector: PeerConnector

  constructor(init: WebSocketDialerInit) {
    const { guard, publicPorts, connector } = peerReach(init)
    this.#guard = guard
    this.#publicPorts = publicPorts
    this.#connector = connector
  }

  usePins(pins: CertificatePins): void {
    this.#connector.usePins(pins)
  }

  async dial(url: string, peer: Did): Promise<FramedChannel> {
    // The rules are the same as for requests: ws is http and wss is https, to the letter.
    const target = fetchTarget(url.replace(/^ws/, 'http'), this.#guard, this.#publicPorts)
    if (!/^wss?:/.test(url) || !target.ok) throw new Error(target.ok ? `"${url}" is not a WebSocket` : target.reason)
    let socket: Socket | undefined
    try {
      socket = await this.#connect(target.url, peer)
      return await openWebSocketChannel(url, socket, bindingsOf(socket, target.url))
    } catch (error) {
      socket?.destroy()
      throw new Error(error instanceof Error && socket !== undefined ? error.message : networkFault(error).reason, {
        cause: error,
      })
    }
  }

  #connect({ hostname, host, protocol, port }: URL, peer: Did): Promise<Socket> {
    const options: buildConnector.Options = { hostname: hostname.replace(/^\[|\]$/g, ''), host, protocol, port }
    return new Promise((resolve, reject) => {
      this.#connector.connector(peer)(options, (...[error, socket]) => {
        if (error === null) resolve(socket)
        else reject(error)
      })
    })
  }
}

function bindingsOf(socket: Socket, url: URL): Partial<Record<WebSocketBinding, ChannelBinding>> {
  if (!(socket instanceof TLSSocket)) {
    const local = localBinding(url.origin)
    return local === undefined ? {} : { local }
  }
  const exporter = exporterOf(socket)
  const spki = certificateKeyHash(socket)
  return {
    ...(exporter === undefined ? {} : { exporter: { kind: 'exporter', value: exporter } }),
    ...(spki === undefined ? {} : { spki: { kind: 'spki', value: spki } }),
  }
}

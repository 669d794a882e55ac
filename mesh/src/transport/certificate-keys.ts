/** Remembers, for each way to a peer over HTTPS, the certificate key that the channel binding of its sessions was made from. */
import { timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { AddressRefused } from '../fetch/guarded-connector.ts'
import { certificateKeyHash } from './certificate-key.ts'
import type { EndpointParts } from './endpoint.ts'

export class CertificateKeys {
  readonly #bound = new Map<string, Uint8Array>()

  /** @throws AddressRefused when a connection on a bound way shows another key than the bound one. */
  check(socket: Socket, way: string): void {
    const bound = this.#bound.get(way)
    const shown = certificateKeyHash(socket)
    if (bound === undefined || shown === undefined || timingSafeEqual(bound, shown)) return
    throw new AddressRefused('the certificate key is not the one that the session was opened under')
  }

  /**
   * Opens one connection to see the key that is served now, binds it, and closes the connection.
   * @returns `changed` when connections that were opened before may show another key.
   */
  async probe(
    parts: EndpointParts,
    way: string,
    connect: buildConnector.connector,
  ): Promise<{ value: Uint8Array; changed: boolean }> {
    const value = await shownKey(parts, connect)
    const before = this.#bound.get(way)
    this.#bound.set(way, value)
    return { value, changed: before === undefined || !timingSafeEqual(before, value) }
  }
}

function shownKey(parts: EndpointParts, connect: buildConnector.connector): Promise<Uint8Array> {
  const url = new URL(parts.origin)
  const options = {
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    host: url.host,
    protocol: url.protocol,
    port: url.port,
  }
  return new Promise((resolve, reject) => {
    connect(options, (...[error, socket]) => {
      if (error !== null) return reject(error)
      try {
        const shown = certificateKeyHash(socket)
        if (shown === undefined) reject(new AddressRefused('the connection is not TLS'))
        else resolve(shown)
      } catch (fault) {
        reject(fault)
      } finally {
        socket.destroy()
      }
    })
  })
}

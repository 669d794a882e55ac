/**
 * Opens connections to peers and decides whether what shows a certificate there is the peer. Where the peer's manifest
 * names certificate keys, exactly these are accepted and no authority is asked: they are signed by the peer's DID. Where
 * it names none, an authority has to vouch for the certificate.
 */
import type { CertificatePins, Did } from '@hansa/protocols'
import type { buildConnector } from 'undici'
import { AddressRefused, type GuardedConnectorInit, guardedConnector } from '../fetch/guarded-connector.ts'
import { shownCertificate } from './certificate-key.ts'

type Connector = buildConnector.connector
type Opened = NonNullable<Parameters<buildConnector.Callback>[1]>

export class PeerConnector {
  /** An authority vouches. */
  readonly #vouched: Connector
  readonly #any: Connector
  #pins: CertificatePins | undefined

  constructor(rules: GuardedConnectorInit) {
    this.#vouched = guardedConnector(rules)
    this.#any = guardedConnector({ ...rules, certificates: 'any' })
  }

  usePins(pins: CertificatePins): void {
    this.#pins = pins
  }

  /** @param check looks at a connection that no pin speaks for; what it throws closes it. */
  connector(peer: Did | undefined, check: (socket: Opened) => void = () => {}): Connector {
    return (options, callback) => {
      const pinned = this.#keysOf(peer) !== undefined
      const connect = pinned ? this.#any : this.#vouched
      connect(options, (...[error, socket]) => {
        if (error !== null) return callback(error, null)
        if (pinned && peer !== undefined) {
          this.#accept(peer, socket).then(
            () => callback(null, socket),
            (fault: Error) => refuse(socket, fault, callback),
          )
          return
        }
        try {
          check(socket)
        } catch (fault) {
          return refuse(socket, fault instanceof Error ? fault : new AddressRefused(String(fault)), callback)
        }
        callback(null, socket)
      })
    }
  }

  /** @throws AddressRefused when the peer has not signed for the key, also not in the newest manifest that can be had. */
  async #accept(peer: Did, socket: Opened): Promise<void> {
    const shown = shownCertificate(socket)
    if (shown === undefined || this.#isPinned(peer, shown.key)) return
    await this.#pins?.renew(peer)
    if (socket.destroyed) throw new AddressRefused('the connection was cut')
    const keys = this.#keysOf(peer)
    if (keys === undefined ? shown.trusted : keys.includes(shown.key)) return
    throw new AddressRefused(`the certificate key there, ${shown.key}, is not one that ${peer} has signed for`)
  }

  #isPinned(peer: Did, key: string): boolean {
    return this.#keysOf(peer)?.includes(key) === true
  }

  #keysOf(peer: Did | undefined): readonly string[] | undefined {
    const keys = peer === undefined ? undefined : this.#pins?.keysOf(peer)
    return keys === undefined || keys.length === 0 ? undefined : keys
  }
}

function refuse(socket: Opened, fault: Error, callback: buildConnector.Callback): void {
  socket.destroy()
  callback(fault, null)
}

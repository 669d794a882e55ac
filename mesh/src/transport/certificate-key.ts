/** The key of the certificate at the other end of a TLS connection, as manifests and channel bindings name it. */
import { hash, X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { AddressRefused } from '../fetch/guarded-connector.ts'

/** Read once: Node 24 gives the certificate of the other end to the first who asks for it, and to nobody after. */
const read = new WeakMap<TLSSocket, Uint8Array>()

/**
 * @returns SHA-256 of the SubjectPublicKeyInfo in DER, 32 bytes; undefined when the connection is not TLS.
 * @throws AddressRefused when it is TLS without a certificate.
 */
export function certificateKeyHash(socket: Socket): Uint8Array | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const known = read.get(socket)
  if (known !== undefined) return known
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) throw new AddressRefused('the connection shows no certificate')
  const key = spkiHash(certificate)
  read.set(socket, key)
  return key
}

/** What the other end of a TLS connection showed. */
export type ShownCertificate = {
  /** SHA-256 of its SubjectPublicKeyInfo, base64url, as manifests name it. */
  key: string
  /** Whether a certificate authority that this side trusts vouches for it, for this host and now. */
  trusted: boolean
}

/** @returns undefined when the connection is not TLS. @throws AddressRefused when it is TLS without a certificate. */
export function shownCertificate(socket: Socket): ShownCertificate | undefined {
  const key = certificateKeyHash(socket)
  if (key === undefined || !(socket instanceof TLSSocket)) return undefined
  return { key: Buffer.from(key).toString('base64url'), trusted: socket.authorized }
}

/** @param certificate parsed, or the PEM text that a node serves with. */
export function spkiHash(certificate: X509Certificate | string): Uint8Array {
  const parsed = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate
  return hash('sha256', parsed.publicKey.export({ type: 'spki', format: 'der' }), 'buffer')
}

/** The key of the certificate at the other end of a TLS connection, as manifests and channel bindings name it. */
import { hash, X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** @returns SHA-256 of the SubjectPublicKeyInfo in DER, 32 bytes; undefined when the connection is not TLS. */
export function certificateKeyHash(socket: Socket): Uint8Array | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate = socket.getPeerX509Certificate()
  return certificate === undefined ? undefined : spkiHash(certificate)
}

/** What the other end of a TLS connection showed. */
export type ShownCertificate = {
  /** SHA-256 of its SubjectPublicKeyInfo, base64url, as manifests name it. */
  key: string
  /** Whether a certificate authority that this side trusts vouches for it, for this host and now. */
  trusted: boolean
}

/** @returns undefined when the connection is not TLS. */
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

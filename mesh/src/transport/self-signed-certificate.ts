/**
 * A TLS certificate that signs itself, for partners who pin its key through the manifest and need no authority. P-256,
 * and only as much DER (X.690) as one such certificate (RFC 5280) takes: OpenSSL reads it back wherever it is used.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

export type SelfSignedInit = {
  /** DNS names and IP addresses, at least one. */
  hosts: readonly string[]
  /** Unix seconds. */
  notBefore: number
  /** Unix seconds. */
  notAfter: number
}

/** Both in PEM. */
export type SelfSigned = { key: string; cert: string }

const ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
const COMMON_NAME = [0x55, 0x04, 0x03]
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11]

/** Each with a new key. */
export function selfSignedCertificate({ hosts, notBefore, notAfter }: SelfSignedInit): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(0x30, der(0x06, ECDSA_WITH_SHA256))
  // Another one each time: roots are told apart by their names.
  const commonName = randomBytes(8).toString('hex')
  const name = der(0x30, der(0x31, der(0x30, der(0x06, COMMON_NAME), der(0x0c, Buffer.from(commonName)))))
  const extension = der(0x30, der(0x06, SUBJECT_ALT_NAME), der(0x04, der(0x30, ...hosts.map(alternativeName))))
  const content = der(
    0x30,
    der(0xa0, der(0x02, [2])),
    der(0x02, [0x01, ...randomBytes(8)]),
    algorithm,
    name,
    der(0x30, time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, extension)),
  )
  const signature = sign('sha256', content, privateKey)
  const certificate = der(0x30, content, algorithm, der(0x03, [0], signature))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
  }
}

/** dNSName or iPAddress (RFC 5280 section 4.2.1.6). */
function alternativeName(host: string): Buffer {
  const family = isIP(host)
  if (family === 0) return der(0x82, Buffer.from(host, 'ascii'))
  return der(0x87, family === 4 ? host.split('.').map(Number) : addressBytes(host))
}

/** The 16 bytes of an IPv6 address, from the form with every group that the URL parser gives but for one `::`. */
function addressBytes(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const missing = 8 - groups(head).length - groups(tail ?? '').length
  const all = [
    ...groups(head),
    ...Array.from({ length: tail === undefined ? 0 : missing }, () => '0'),
    ...groups(tail ?? ''),
  ]
  return all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
}

function der(tag: number, ...parts: (Uint8Array | readonly number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). */
function time(seconds: number): Buffer {
  const digits = new Date(seconds * 1000)
    .toISOString()
    .replace(/[^0-9]/g, '')
    .slice(0, 14)
  return digits < '2050' ? der(0x17, Buffer.from(`${digits.slice(2)}Z`)) : der(0x18, Buffer.from(`${digits}Z`))
}

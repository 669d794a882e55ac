/**
 * A TLS server certificate for this machine, made when it is needed: Ed25519 or P-256 key, self-signed, one day. Only as
 * much DER (X.690) as one certificate (RFC 5280) takes.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export type TestCertificate = { key: string; cert: string }

const ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
const COMMON_NAME = [0x55, 0x04, 0x03]
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11]

/** @param now Unix seconds. Good for `localhost`, 127.0.0.1 and these names. */
export function selfSignedCertificate(now: number, names: readonly string[] = []): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(0x30, der(0x06, ECDSA_WITH_SHA256))
  // Another one each time: roots are told apart by their names.
  const commonName = randomBytes(8).toString('hex')
  const name = der(0x30, der(0x31, der(0x30, der(0x06, COMMON_NAME), der(0x0c, Buffer.from(commonName)))))
  const alternatives = [
    der(0x87, [127, 0, 0, 1]),
    ...['localhost', ...names].map((text) => der(0x82, Buffer.from(text))),
  ]
  const extension = der(0x30, der(0x06, SUBJECT_ALT_NAME), der(0x04, der(0x30, ...alternatives)))
  const content = der(
    0x30,
    der(0xa0, der(0x02, [2])),
    der(0x02, [0x01, ...randomBytes(8)]),
    algorithm,
    name,
    der(0x30, time(now - 3_600), time(now + 86_400)),
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

function der(tag: number, ...parts: (Uint8Array | readonly number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

/** UTCTime: YYMMDDHHMMSSZ. */
function time(seconds: number): Buffer {
  const digits = new Date(seconds * 1000).toISOString().replace(/[^0-9]/g, '')
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`))
}

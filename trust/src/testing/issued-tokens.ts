/** An issuer of tokens as tests need one, honest or not: it signs whatever it is told to. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { IssuerAlgorithm, Jwk } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'

export type IssuerOfTest = {
  kid: string
  jwk: Jwk
  privateKey: KeyObject
  publicKey: KeyObject
  /** @param header besides `alg`, `kid` and `typ`, or in the place of them */
  sign(claims: object, header?: object): string
}

export function anIssuer(kid = 'k1', alg: IssuerAlgorithm = 'EdDSA', use = 'sig'): IssuerOfTest {
  const { privateKey, publicKey } = keyPair(alg)
  const jwk: Jwk = { ...(publicKey.export({ format: 'jwk' }) as Jwk), kid, use, alg }
  return {
    kid,
    jwk,
    privateKey,
    publicKey,
    sign: (claims, header = {}) =>
      signedText({ alg, kid, typ: 'at+jwt', ...header }, claims, (bytes) => signatureOf(alg, bytes, privateKey)),
  }
}

/** A token that is signed with a public key as if that were a shared secret. */
export function hmacToken(header: object, claims: object, secret: string): string {
  return signedText(header, claims, (bytes) => createHmac('sha256', secret).update(bytes).digest())
}

/** @param claims an object, or the JSON text itself */
export function signedText(header: object, claims: object | string, signature: (bytes: Buffer) => Buffer): string {
  const body = typeof claims === 'string' ? claims : JSON.stringify(claims)
  const signed = `${encodeBase64url(Buffer.from(JSON.stringify(header)))}.${encodeBase64url(Buffer.from(body))}`
  return `${signed}.${encodeBase64url(signature(Buffer.from(signed)))}`
}

function keyPair(alg: IssuerAlgorithm) {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

export function signatureOf(alg: IssuerAlgorithm, bytes: Buffer, key: KeyObject): Buffer {
  if (alg === 'EdDSA') return sign(null, bytes, key)
  return sign('sha256', bytes, alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key)
}

/** Signing with an Ed25519 key (RFC 8032) that `node:crypto` holds. The seed is not kept. */
import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Did } from '@hansa/protocols'
import { didFromPublicKey, didKeyUrl } from '../did/did-key.ts'
import { decodeBase64url } from '../encoding/base64url.ts'

/** Bytes of an Ed25519 seed (RFC 8032 section 5.1.5). */
export const SEED_BYTES = 32

export type Signer = {
  did: Did
  /** DID URL of the key, as it stands in signatures. */
  kid: string
  /** 32 bytes. */
  publicKey: Uint8Array
  /** @returns 64 bytes; the same for the same bytes. */
  sign(bytes: Uint8Array): Uint8Array
  /** The same signature, made in the pool of threads while the event loop goes on. Rejects when the key cannot sign. */
  signInPool(bytes: Uint8Array): Promise<Uint8Array>
}

const signInPool = promisify(sign)

/** PKCS#8 of an Ed25519 key up to the seed (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** 32 random bytes. */
export function newSeed(): Uint8Array {
  return new Uint8Array(randomBytes(SEED_BYTES))
}

/**
 * A signer under the did:key of the seed.
 * @throws RangeError when the seed is not 32 bytes.
 */
export function signerFromSeed(seed: Uint8Array): Signer {
  if (seed.length !== SEED_BYTES) throw new RangeError(`an Ed25519 seed is ${SEED_BYTES} bytes, not ${seed.length}`)
  const der = Buffer.concat([PKCS8_PREFIX, seed])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  const publicKey = decodeBase64url(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '')
  if (publicKey === undefined) throw new Error('an Ed25519 key without a public half')
  const did = didFromPublicKey(publicKey)
  return {
    did,
    kid: didKeyUrl(did),
    publicKey,
    sign: (bytes) => sign(null, bytes, privateKey),
    signInPool: (bytes) => signInPool(null, bytes, privateKey),
  }
}

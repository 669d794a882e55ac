/**
 * did:key for Ed25519 (did:key Method v0.7): `did:key:` and the key as multibase text. The document is the key itself,
 * which serves every purpose and cannot rotate.
 */
import type { Did } from '@hansa/protocols'
import { multikeyOf, publicKeyFromMultikey } from './multikey.ts'

const METHOD = 'did:key:'

/** @param publicKey 32 bytes; whether they are an admissible key is not looked at. @throws RangeError for another length. */
export function didFromPublicKey(publicKey: Uint8Array): Did {
  return `${METHOD}${multikeyOf(publicKey)}`
}

/** @returns the 32 bytes, or undefined when it is not a did:key of an Ed25519 key in its only spelling. */
export function publicKeyFromDid(did: string): Uint8Array | undefined {
  return did.startsWith(METHOD) ? publicKeyFromMultikey(did.slice(METHOD.length)) : undefined
}

/** The DID URL of a did:key's only verification method: the DID, `#`, and the multibase value again. */
export function didKeyUrl(did: Did): string {
  return `${did}#${did.slice(METHOD.length)}`
}

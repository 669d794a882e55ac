/**
 * did:key for Ed25519 (did:key Method v0.7): `did:key:z` and base58btc of the multicodec prefix 0xed 0x01 and the 32
 * bytes of the key. The document is the key itself, which serves every purpose and cannot rotate.
 */
import type { Did } from '@hansa/protocols'
import { decodeBase58btc, encodeBase58btc } from './base58btc.ts'

const METHOD = 'did:key:'
/** Multicodec `ed25519-pub` as an unsigned varint. */
const CODEC = [0xed, 0x01] as const
const KEY_BYTES = 32
/** `z6Mk` and 44 characters: 34 bytes that begin with 0xed 0x01 always take this many. */
const MULTIBASE_CHARS = 48

/** @param publicKey 32 bytes; whether they are an admissible key is not looked at. @throws RangeError for another length. */
export function didFromPublicKey(publicKey: Uint8Array): Did {
  if (publicKey.length !== KEY_BYTES)
    throw new RangeError(`an Ed25519 key is ${KEY_BYTES} bytes, not ${publicKey.length}`)
  return `${METHOD}z${encodeBase58btc(Uint8Array.from([...CODEC, ...publicKey]))}`
}

/** @returns the 32 bytes, or undefined when it is not a did:key of an Ed25519 key in its only spelling. */
export function publicKeyFromDid(did: string): Uint8Array | undefined {
  if (!did.startsWith(`${METHOD}z`) || did.length !== METHOD.length + MULTIBASE_CHARS) return undefined
  const bytes = decodeBase58btc(did.slice(METHOD.length + 1))
  if (bytes === undefined || bytes.length !== CODEC.length + KEY_BYTES) return undefined
  return bytes[0] === CODEC[0] && bytes[1] === CODEC[1] ? bytes.subarray(CODEC.length) : undefined
}

/** The DID URL of a did:key's only verification method: the DID, `#`, and the multibase value again. */
export function didKeyUrl(did: Did): string {
  return `${did}#${did.slice(METHOD.length)}`
}

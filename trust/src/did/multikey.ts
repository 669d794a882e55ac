/** Ed25519 keys as multibase text: `z`, base58btc, multicodec 0xed 0x01 and 32 bytes. Each key has one spelling. */
import { decodeBase58btc, encodeBase58btc } from './base58btc.ts'

/** Multicodec `ed25519-pub` as an unsigned varint. */
const CODEC = [0xed, 0x01] as const
const KEY_BYTES = 32
/** `z6Mk` and 44 characters: 34 bytes that begin with 0xed 0x01 always take this many. */
export const MULTIKEY_CHARS = 48

/** @throws RangeError unless there are 32 bytes; whether they are an admissible key is not looked at. */
export function multikeyOf(publicKey: Uint8Array): string {
  if (publicKey.length !== KEY_BYTES)
    throw new RangeError(`an Ed25519 key is ${KEY_BYTES} bytes, not ${publicKey.length}`)
  return `z${encodeBase58btc(Uint8Array.from([...CODEC, ...publicKey]))}`
}

/** @returns the 32 bytes, or undefined when it is not an Ed25519 key. */
export function publicKeyFromMultikey(text: string): Uint8Array | undefined {
  if (!text.startsWith('z') || text.length !== MULTIKEY_CHARS) return undefined
  const bytes = decodeBase58btc(text.slice(1))
  if (bytes === undefined || bytes.length !== CODEC.length + KEY_BYTES) return undefined
  return bytes[0] === CODEC[0] && bytes[1] === CODEC[1] ? bytes.subarray(CODEC.length) : undefined
}

/** libp2p PeerIds of Ed25519 keys: base58btc of the identity multihash of the key as a protobuf message. */
import { decodeBase58btc, encodeBase58btc } from './base58btc.ts'

/** `PublicKey` of libp2p up to its 32 bytes: type Ed25519, and data. */
const KEY_PREFIX = Buffer.from([0x08, 0x01, 0x12, 0x20])
/** Identity multihash of 36 bytes. */
const MULTIHASH_PREFIX = Buffer.from([0x00, 0x24])
const KEY_BYTES = 32
const PEER_ID_CHARS = 52

/** @param publicKey 32 bytes; whether they are an admissible key is not looked at */
export function peerIdOf(publicKey: Uint8Array): string {
  return encodeBase58btc(Buffer.concat([MULTIHASH_PREFIX, publicKeyMessage(publicKey)]))
}

/** @returns the 32 bytes; undefined when it is not the PeerId of an Ed25519 key. */
export function publicKeyFromPeerId(peerId: string): Uint8Array | undefined {
  if (peerId.length !== PEER_ID_CHARS) return undefined
  const bytes = decodeBase58btc(peerId)
  if (bytes === undefined || !Buffer.from(bytes.subarray(0, 2)).equals(MULTIHASH_PREFIX)) return undefined
  return publicKeyIn(bytes.subarray(2))
}

/** The key as the protobuf message of libp2p. @throws RangeError for another length than 32 bytes */
export function publicKeyMessage(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== KEY_BYTES)
    throw new RangeError(`an Ed25519 key is ${KEY_BYTES} bytes, not ${publicKey.length}`)
  return Buffer.concat([KEY_PREFIX, publicKey])
}

/** @returns undefined for anything but an Ed25519 key in its only encoding. */
export function publicKeyIn(message: Uint8Array): Uint8Array | undefined {
  const isKey =
    message.length === KEY_PREFIX.length + KEY_BYTES &&
    Buffer.from(message.subarray(0, KEY_PREFIX.length)).equals(KEY_PREFIX)
  return isKey ? message.subarray(KEY_PREFIX.length) : undefined
}

/**
 * The one Ed25519 predicate of the mesh, HANSA-ED1 (security.md B0.3). A key is admitted once, when it enters a cache,
 * and every signature after that is checked by `node:crypto` alone: libraries differ on hundreds of edge cases, and two
 * kernels that differ on one of them differ on who said what.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { Point } from '@noble/ed25519'
import { encodeBase64url } from '../encoding/base64url.ts'

/** Bytes of an Ed25519 public key and of a signature (RFC 8032 section 5.1). */
export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64

declare const admitted: unique symbol

/** What a signature is checked with. */
export type VerifyingKey = {
  /** 32 bytes; a copy that nobody changes. */
  readonly publicKey: Uint8Array
  /** The same in base64url. */
  readonly text: string
  readonly keyObject: KeyObject
}

/** A public key that `admitKey` has accepted; nothing else makes one. */
export type AdmittedKey = VerifyingKey & { readonly [admitted]: true }

export type KeyRefusal = 'key_length' | 'key_not_canonical' | 'key_small_order' | 'key_mixed_order'
export type KeyAdmission = { ok: true; key: AdmittedKey } | { ok: false; reason: KeyRefusal }

/** SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410 section 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Costs about a millisecond of curve arithmetic: call it once per key and keep what it returns. */
export function admitKey(publicKey: Uint8Array): KeyAdmission {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return { ok: false, reason: 'key_length' }
  const point = canonicalPoint(publicKey)
  if (point === undefined) return { ok: false, reason: 'key_not_canonical' }
  if (point.isSmallOrder()) return { ok: false, reason: 'key_small_order' }
  if (!point.isTorsionFree()) return { ok: false, reason: 'key_mixed_order' }
  return { ok: true, key: verifyingKey(publicKey) as AdmittedKey }
}

/**
 * A key that was not admitted, for a signature that authorises nothing; costs microseconds. Of a key of small order, under
 * which a signature of one message is good for others, nothing is made.
 * @returns undefined for what is no key at all.
 */
export function unadmittedKey(publicKey: Uint8Array): VerifyingKey | undefined {
  if (publicKey.length !== PUBLIC_KEY_BYTES || !isCanonicalOfLargeOrder(publicKey)) return undefined
  try {
    return verifyingKey(publicKey)
  } catch {
    return undefined
  }
}

function verifyingKey(publicKey: Uint8Array): VerifyingKey {
  // As text, because of any object the platform asks first whether it is a key already, which takes four exceptions.
  const spki = Buffer.concat([SPKI_PREFIX, publicKey]).toString('base64')
  const keyObject = createPublicKey(`-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`)
  return { publicKey: Uint8Array.from(publicKey), text: encodeBase64url(publicKey), keyObject }
}

/** 2^255 - 19. */
const FIELD = 2n ** 255n - 19n
/** The y of the points of small order, whose order divides 8; each is the y of one or two of them. */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  FIELD - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
])

/** The encoded y without its sign is below the field, and of no point of small order. */
function isCanonicalOfLargeOrder(publicKey: Uint8Array): boolean {
  const bytes = Uint8Array.from(publicKey).reverse()
  bytes[0] = (bytes[0] ?? 0) & 0x7f
  const y = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  return y < FIELD && !SMALL_ORDER_Y.has(y)
}

/** Whether `signature` is the key's over `bytes`. False for anything malformed; never throws. */
export function verifySignature(key: VerifyingKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === SIGNATURE_BYTES && verify(null, bytes, key.keyObject, signature)
}

/** The same, checked in the pool of threads while the event loop goes on. Rejects when there is no room for it there. */
export async function verifySignatureInPool(
  key: VerifyingKey,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (signature.length !== SIGNATURE_BYTES) return false
  return await new Promise((resolve) => {
    verify(null, bytes, key.keyObject, signature, (error, good) => resolve(error === null && good))
  })
}

function canonicalPoint(bytes: Uint8Array): Point | undefined {
  try {
    const point = Point.fromBytes(bytes, false)
    // The decoder already refuses y >= p and a negative zero; encoding again keeps that true of its next version.
    return Buffer.from(point.toBytes()).equals(bytes) ? point : undefined
  } catch {
    return undefined
  }
}

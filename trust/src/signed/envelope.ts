/**
 * The shape of an envelope, checked by hand because it is on the path of every call. It accepts exactly what
 * `envelopeSchema` accepts and the decoder of base64url takes afterwards; a test holds the two together.
 */
import { type Envelope, MAX_BATCH_LEAVES } from '@hansa/protocols'
import { isObject } from '../json/is-object.ts'

/** Characters of 16 KiB of payload, and of 64 bytes of signature, in base64url. */
export const MAX_PAYLOAD_CHARS = 21_846
const SIGNATURE_CHARS = 86
export const MAX_KID_CHARS = 1_024
/** Levels of a tree of 1,024 leaves. */
export const MAX_PATH = 10
const HASH = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
const BASE64URL = /^[A-Za-z0-9_-]*$/

/** @returns the value itself, or undefined when it does not have the shape of an envelope. */
export function readEnvelope(value: unknown): Envelope | undefined {
  if (!isObject(value) || !hasExactly(value, 'payload', 'proof')) return undefined
  const { payload, proof } = value
  if (typeof payload !== 'string' || payload.length > MAX_PAYLOAD_CHARS || !BASE64URL.test(payload)) return undefined
  return isProof(proof) ? { payload, proof } : undefined
}

function isProof(proof: unknown): proof is Envelope['proof'] {
  if (!isObject(proof) || !hasExactly(proof, 'index', 'kid', 'path', 'sig', 'size')) return false
  const { index, kid, path, sig, size } = proof
  if (typeof kid !== 'string' || kid.length > MAX_KID_CHARS) return false
  if (typeof sig !== 'string' || sig.length !== SIGNATURE_CHARS || !BASE64URL.test(sig)) return false
  if (!isBetween(size, 1, MAX_BATCH_LEAVES) || !isBetween(index, 0, MAX_BATCH_LEAVES - 1)) return false
  return Array.isArray(path) && path.length <= MAX_PATH && path.every(isHash)
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && HASH.test(value)
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

function hasExactly(object: Record<string, unknown>, ...names: string[]): boolean {
  return Object.keys(object).length === names.length && names.every((name) => Object.hasOwn(object, name))
}

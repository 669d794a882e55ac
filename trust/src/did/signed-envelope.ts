/**
 * Signed envelopes of libp2p (RFC 0002) by Ed25519 keys. The domain is part of what is signed and not of what travels, so
 * an envelope made for one purpose verifies for no other. Only the canonical encoding is read: the four fields in order.
 */
import { admitKey, SIGNATURE_BYTES, verifySignature } from '../keys/admitted-key.ts'
import type { Signer } from '../keys/signer.ts'
import { peerIdOf, publicKeyIn, publicKeyMessage } from './peer-id.ts'

/** Protobuf tags of bytes fields: public_key, payload_type, payload, signature. */
const TAGS = [0x0a, 0x12, 0x1a, 0x2a] as const

export function sealEnvelope(
  signer: Pick<Signer, 'publicKey' | 'sign'>,
  domain: string,
  type: string,
  payload: Uint8Array,
): Uint8Array {
  const signature = signer.sign(signedBytes(domain, Buffer.from(type), payload))
  const fields = [publicKeyMessage(signer.publicKey), Buffer.from(type), payload, signature]
  return Buffer.concat(fields.flatMap((field, at) => [Buffer.from([TAGS[at] ?? 0]), varint(field.length), field]))
}

export type OpenedEnvelope = { ok: true; peerId: string; payload: Uint8Array } | { ok: false; reason: string }

export function openEnvelope(bytes: Uint8Array, domain: string, type: string): OpenedEnvelope {
  const fields = fieldsOf(bytes)
  const [key, payloadType, payload, signature] = fields ?? []
  if (key === undefined || payloadType === undefined || payload === undefined || signature === undefined)
    return { ok: false, reason: 'not_an_envelope' }
  if (!Buffer.from(payloadType).equals(Buffer.from(type))) return { ok: false, reason: 'envelope_type' }
  const publicKey = publicKeyIn(key)
  if (publicKey === undefined || signature.length !== SIGNATURE_BYTES) return { ok: false, reason: 'envelope_key' }
  const admission = admitKey(publicKey)
  if (!admission.ok) return admission
  if (!verifySignature(admission.key, signedBytes(domain, payloadType, payload), signature))
    return { ok: false, reason: 'signature_invalid' }
  return { ok: true, peerId: peerIdOf(publicKey), payload }
}

function signedBytes(domain: string, type: Uint8Array, payload: Uint8Array): Uint8Array {
  const parts = [Buffer.from(domain), type, payload]
  return Buffer.concat(parts.flatMap((part) => [varint(part.length), part]))
}

/** @returns undefined unless there are the four fields, each once and in order, and nothing else. */
function fieldsOf(bytes: Uint8Array): Uint8Array[] | undefined {
  const fields: Uint8Array[] = []
  let at = 0
  for (const tag of TAGS) {
    if (bytes[at] !== tag) return undefined
    const length = readVarint(bytes, at + 1)
    if (length === undefined || length.end + length.value > bytes.length) return undefined
    fields.push(bytes.subarray(length.end, length.end + length.value))
    at = length.end + length.value
  }
  return at === bytes.length ? fields : undefined
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}

/** Up to two bytes, in the shortest form. */
function readVarint(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  const [low, high] = [bytes[at], bytes[at + 1]]
  if (low === undefined) return undefined
  if (low < 0x80) return { value: low, end: at + 1 }
  if (high === undefined || high === 0 || high > 0x7f) return undefined
  return { value: (low & 0x7f) | (high << 7), end: at + 2 }
}

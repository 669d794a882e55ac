/**
 * C2SP cosignatures: a witness's word that a checkpoint extends all that it has seen of the log before, with the time
 * (https://c2sp.org/tlog-cosignature). Ed25519 (type 0x04) is made and verified; ML-DSA-44 (type 0x06) is verified.
 *
 *   Ed25519    "cosignature/v1\ntime <unix seconds>\n" ‖ text of the checkpoint
 *   ML-DSA-44  "subtree/v1\n\0" ‖ u8 length ‖ cosigner ‖ u64 time ‖ u8 length ‖ origin ‖ u64 0 ‖ u64 size ‖ root
 *
 * The signature in the line is u64be(time) ‖ signature.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { decodeBase64url } from '../encoding/base64url.ts'
import { type AdmittedKey, admitKey, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verifySignature } from '../keys/admitted-key.ts'
import { signerFromSeed } from '../keys/signer.ts'
import { parseCheckpoint } from './checkpoint.ts'
import {
  formatVkey,
  isKeyName,
  keyId,
  type NoteSignature,
  signatureLine,
  signatureOf,
  splitNote,
  splitVkey,
  type VkeyRefusal,
} from './note.ts'

const ED25519_COSIGNATURE = 0x04
const ML_DSA_44_COSIGNATURE = 0x06
const ML_DSA_44_PUBLIC_KEY_BYTES = 1312
const ML_DSA_44_SIGNATURE_BYTES = 2420
const U64_BYTES = 8
/** End of the year 9999, Unix seconds. */
const MAX_TIME = 253_402_300_799
/** SubjectPublicKeyInfo of an ML-DSA-44 key up to its 1,312 bytes (RFC 9881). */
const ML_DSA_44_SPKI_PREFIX = Buffer.from('30820532300b06096086480165030403110382052100', 'hex')

/** Makes cosignatures of one witness; the seed is not kept. */
export type CosignerKey = {
  readonly name: string
  readonly vkey: string
  /**
   * @param text of a checkpoint. @param time Unix seconds.
   * @returns a signature line with its newline. @throws RangeError for a text that is no checkpoint, or no time.
   */
  cosign(text: string, time: number): string
}

/** A witness's key, parsed and admitted. */
export type CosignerVerifier = {
  readonly name: string
  readonly vkey: string
  readonly id: string
  /** Bytes of the public key as hexadecimal: two names of one key are one witness. */
  readonly publicKey: string
} & ({ readonly type: 'ed25519'; readonly key: AdmittedKey } | { readonly type: 'ml-dsa-44'; readonly key: KeyObject })

export type CosignerVerdict = { ok: true; verifier: CosignerVerifier } | { ok: false; reason: VkeyRefusal }

/** `time` is Unix seconds, as the witness says. */
export type Cosignature = { verifier: CosignerVerifier; time: number }
export type CosignaturesVerdict =
  | { ok: true; text: string; cosignatures: Cosignature[] }
  | { ok: false; reason: 'note_malformed' | 'checkpoint_malformed' | 'cosignature_forged' }

/** @throws RangeError for a name that cannot stand in a note, and for a seed that is not 32 bytes. */
export function cosignerKey(name: string, seed: Uint8Array): CosignerKey {
  if (!isKeyName(name)) throw new RangeError(`not a name for a note key: ${JSON.stringify(name)}`)
  const signer = signerFromSeed(seed)
  const id = keyId(name, ED25519_COSIGNATURE, signer.publicKey)
  return {
    name,
    vkey: formatVkey(name, ED25519_COSIGNATURE, signer.publicKey),
    cosign(text, time) {
      if (parseCheckpoint(text) === undefined) throw new RangeError('only a checkpoint is cosigned')
      if (!Number.isSafeInteger(time) || time < 1 || time > MAX_TIME) throw new RangeError(`not a time: ${time}`)
      return signatureLine(name, id, Buffer.concat([u64(time), signer.sign(ed25519Message(text, time))]))
    },
  }
}

/** Admission of an Ed25519 key costs a millisecond, and the same few witnesses come again. */
const admitted = new LRUCache<string, CosignerVerifier>({ max: 1_000 })

/** Reads the vkey of a witness. Strict: one spelling per key, and no key of a log. */
export function parseCosignerVkey(vkey: string): CosignerVerdict {
  const known = admitted.get(vkey)
  if (known !== undefined) return { ok: true, verifier: known }
  const parts = splitVkey(vkey)
  if (!parts.ok) return parts
  const { name, id, type, publicKey } = parts
  const ed25519 = type === ED25519_COSIGNATURE && publicKey.length === PUBLIC_KEY_BYTES
  const mlDsa = type === ML_DSA_44_COSIGNATURE && publicKey.length === ML_DSA_44_PUBLIC_KEY_BYTES
  if (!ed25519 && !mlDsa) return { ok: false, reason: 'vkey_type' }
  if (keyId(name, type, publicKey) !== id) return { ok: false, reason: 'vkey_id' }
  const facts = { name, vkey, id, publicKey: publicKey.toString('hex') }
  const key = ed25519 ? admitKey(publicKey) : admitMlDsa(publicKey)
  if (!key.ok) return { ok: false, reason: 'vkey_inadmissible' }
  const verifier = { ...facts, ...(ed25519 ? { type: 'ed25519' } : { type: 'ml-dsa-44' }), key: key.key }
  admitted.set(vkey, verifier as CosignerVerifier)
  return { ok: true, verifier: verifier as CosignerVerifier }
}

function admitMlDsa(publicKey: Buffer): { ok: true; key: KeyObject } | { ok: false } {
  try {
    const der = Buffer.concat([ML_DSA_44_SPKI_PREFIX, publicKey])
    return { ok: true, key: createPublicKey({ key: der, format: 'der', type: 'spki' }) }
  } catch {
    return { ok: false }
  }
}

/**
 * Checks the lines of the given witnesses; lines of other keys are ignored, as the specification asks. The signature of
 * the log is another function's: `verifyCheckpoint`.
 * @returns each witness at most once, with its latest time. A line of a given witness that does not verify refuses the
 * whole note.
 */
export function verifyCosignatures(note: string, witnesses: readonly CosignerVerifier[]): CosignaturesVerdict {
  const parts = splitNote(note)
  if (parts === undefined) return { ok: false, reason: 'note_malformed' }
  if (parseCheckpoint(parts.text) === undefined) return { ok: false, reason: 'checkpoint_malformed' }
  const found = new Map<CosignerVerifier, number>()
  for (const line of parts.signatures) {
    for (const witness of witnesses) {
      const time = lineTime(line, witness, parts.text)
      if (time === 'forged') return { ok: false, reason: 'cosignature_forged' }
      if (time !== undefined) found.set(witness, Math.max(time, found.get(witness) ?? 0))
    }
  }
  return { ok: true, text: parts.text, cosignatures: [...found].map(([verifier, time]) => ({ verifier, time })) }
}

/** @returns when the witness signed, undefined for a line of another key. */
function lineTime(line: NoteSignature, witness: CosignerVerifier, text: string): number | 'forged' | undefined {
  const signed = signatureOf(line, witness)
  if (signed === undefined) return undefined
  if (signed.length < U64_BYTES) return 'forged'
  const time = Number(signed.readBigUInt64BE())
  const signature = signed.subarray(U64_BYTES)
  // A checkpoint is cosigned at a time; 0 is of subtrees, which stand in no checkpoint.
  if (time < 1 || time > MAX_TIME) return 'forged'
  return isCosigned(witness, text, time, signature) ? time : 'forged'
}

function isCosigned(witness: CosignerVerifier, text: string, time: number, signature: Buffer): boolean {
  if (witness.type === 'ed25519') {
    if (signature.length !== SIGNATURE_BYTES) return false
    return verifySignature(witness.key, ed25519Message(text, time), signature)
  }
  const checkpoint = parseCheckpoint(text)
  const root = checkpoint && decodeBase64url(checkpoint.root)
  if (checkpoint === undefined || root === undefined) return false
  if (signature.length !== ML_DSA_44_SIGNATURE_BYTES) return false
  const { origin, size: end } = checkpoint
  const message = subtreeMessage({ cosigner: witness.name, time, origin, start: 0, end, root })
  return message !== undefined && verify(null, message, witness.key, signature)
}

export type CosignedSubtree = {
  cosigner: string
  time: number
  origin: string
  start: number
  end: number
  root: Uint8Array
}

/** What ML-DSA-44 signs; undefined for a name that does not fit. A checkpoint is the part of a log from 0. */
export function subtreeMessage({ cosigner, time, origin, start, end, root }: CosignedSubtree): Buffer | undefined {
  const [name, log] = [shortText(cosigner), shortText(origin)]
  if (name === undefined || log === undefined) return undefined
  const label = Buffer.from('subtree/v1\n\0')
  return Buffer.concat([label, name, u64(time), log, u64(start), u64(end), root])
}

/** `opaque<1..2^8-1>` of RFC 8446. */
function shortText(text: string): Buffer | undefined {
  const bytes = Buffer.from(text)
  return bytes.length > 0 && bytes.length < 256 ? Buffer.concat([Uint8Array.of(bytes.length), bytes]) : undefined
}

function ed25519Message(text: string, time: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${time}\n${text}`)
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(U64_BYTES)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

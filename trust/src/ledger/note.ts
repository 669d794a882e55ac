/**
 * C2SP signed notes and verifier keys, Ed25519 (signature type 0x01) only; cosignatures are in `cosignature.ts`: https://c2sp.org/signed-note@v1.0.0.
 *
 * A note is a text that ends in a newline, an empty line, and signature lines `— <key name> <base64(key id ‖ signature)>`.
 * A verifier key (vkey) is `<key name>+<hex key id>+<base64(0x01 ‖ public key)>`.
 */

import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type AdmittedKey, admitKey, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verifySignature } from '../keys/admitted-key.ts'
import { signerFromSeed } from '../keys/signer.ts'

const ED25519_TYPE = 0x01
const KEY_ID_BYTES = 4
/** More than any log with its witnesses needs; the specification asks for at least 16. */
const MAX_SIGNATURES = 64
/** A checkpoint and 64 of the largest known signatures fit several times; also bounds the search for the last blank line. */
const MAX_NOTE_CHARS = 1_048_576

/** Signs notes under one name; the seed is not kept. */
export type NoteKey = {
  readonly name: string
  readonly vkey: string
  /** @returns the whole note. @throws RangeError for a text that cannot stand in a note. */
  sign(text: string): string
}

/** A verifier key, parsed and admitted. */
export type NoteVerifier = {
  readonly name: string
  readonly vkey: string
  readonly id: string
  readonly key: AdmittedKey
}

export type VkeyRefusal = 'vkey_malformed' | 'vkey_name' | 'vkey_type' | 'vkey_id' | 'vkey_inadmissible'
export type VkeyVerdict = { ok: true; verifier: NoteVerifier } | { ok: false; reason: VkeyRefusal }

export type NoteRefusal = 'note_malformed' | 'note_unsigned' | 'note_forged'
export type NoteVerdict = { ok: true; text: string } | { ok: false; reason: NoteRefusal | VkeyRefusal }

/**
 * @param name key name; the origin of the log. @param seed 32 bytes.
 * @throws RangeError for a name that is empty or holds a space, a plus sign or a control character, and for another seed.
 */
export function noteKey(name: string, seed: Uint8Array): NoteKey {
  if (!isKeyName(name)) throw new RangeError(`not a name for a note key: ${JSON.stringify(name)}`)
  const signer = signerFromSeed(seed)
  const id = keyId(name, ED25519_TYPE, signer.publicKey)
  return {
    name,
    vkey: formatVkey(name, ED25519_TYPE, signer.publicKey),
    sign(text) {
      if (!isNoteText(text)) throw new RangeError('a note is lines of well-formed text, the last one ended')
      return `${text}\n${signatureLine(name, id, signer.sign(Buffer.from(text)))}`
    },
  }
}

/** Keys that were admitted lately: admission costs a millisecond, and a peer's log key comes with every handshake. */
const admitted = new LRUCache<string, NoteVerifier>({ max: 1_000 })

/** Reads a vkey and admits its key. Strict: one spelling per key. */
export function parseVkey(vkey: string): VkeyVerdict {
  const known = admitted.get(vkey)
  if (known !== undefined) return { ok: true, verifier: known }
  const verdict = admitVkey(vkey)
  if (verdict.ok) admitted.set(vkey, verdict.verifier)
  return verdict
}

function admitVkey(vkey: string): VkeyVerdict {
  const parts = splitVkey(vkey)
  if (!parts.ok) return parts
  const { name, id, type, publicKey } = parts
  if (type !== ED25519_TYPE || publicKey.length !== PUBLIC_KEY_BYTES) return { ok: false, reason: 'vkey_type' }
  if (keyId(name, type, publicKey) !== id) return { ok: false, reason: 'vkey_id' }
  const admission = admitKey(publicKey)
  if (!admission.ok) return { ok: false, reason: 'vkey_inadmissible' }
  return { ok: true, verifier: { name, vkey, id, key: admission.key } }
}

export type VkeyParts =
  | { ok: true; name: string; id: string; type: number; publicKey: Buffer }
  | { ok: false; reason: 'vkey_malformed' | 'vkey_name' }

/** The parts of a verifier key of any type; whether its id is right, and whether the key is one, is not looked at. */
export function splitVkey(vkey: string): VkeyParts {
  const parts = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(vkey)
  const [, name = '', id = '', encoded = ''] = parts ?? []
  const material = fromBase64(encoded)
  if (parts === null || material === undefined) return { ok: false, reason: 'vkey_malformed' }
  if (!isKeyName(name)) return { ok: false, reason: 'vkey_name' }
  return { ok: true, name, id, type: material[0] ?? 0, publicKey: material.subarray(1) }
}

export function formatVkey(name: string, type: number, publicKey: Uint8Array): string {
  const material = Buffer.concat([Uint8Array.of(type), publicKey])
  return `${name}+${keyId(name, type, publicKey)}+${material.toString('base64')}`
}

/**
 * Checks the signature of one known key; lines of other keys are ignored, as the specification asks.
 * @returns the text with its last newline. Any line that is not a signature line, and any line of the known key that
 * does not verify, refuses the whole note.
 */
export function verifyNote(note: string, vkey: string | NoteVerifier): NoteVerdict {
  const known = typeof vkey === 'string' ? parseVkey(vkey) : { ok: true as const, verifier: vkey }
  if (!known.ok) return known
  const parts = splitNote(note)
  if (parts === undefined) return { ok: false, reason: 'note_malformed' }
  const { key } = known.verifier
  const bytes = Buffer.from(parts.text)
  let verified = false
  for (const line of parts.signatures) {
    const signature = signatureOf(line, known.verifier)
    if (signature === undefined) continue
    if (signature.length !== SIGNATURE_BYTES || !verifySignature(key, bytes, signature)) {
      return { ok: false, reason: 'note_forged' }
    }
    verified = true
  }
  return verified ? { ok: true, text: parts.text } : { ok: false, reason: 'note_unsigned' }
}

/** `bytes` begins with the key id. */
export type NoteSignature = { name: string; bytes: Buffer }

/** The signature part of a line of the given key; undefined when the line is another key's. */
export function signatureOf(line: NoteSignature, key: { name: string; id: string }): Buffer | undefined {
  const own = line.name === key.name && line.bytes.toString('hex', 0, KEY_ID_BYTES) === key.id
  return own ? line.bytes.subarray(KEY_ID_BYTES) : undefined
}

/** The note with the lines of these keys only, each once; undefined for what is no note. Whether they verify is not looked at. */
export function withSignaturesOf(note: string, keys: readonly { name: string; id: string }[]): string | undefined {
  const parts = splitNote(note)
  if (parts === undefined) return undefined
  const kept = parts.signatures.flatMap((line) => {
    const key = keys.find((one) => signatureOf(line, one) !== undefined)
    return key === undefined ? [] : [signatureLine(key.name, key.id, line.bytes.subarray(KEY_ID_BYTES))]
  })
  return `${parts.text}\n${[...new Set(kept)].join('')}`
}

/** One signature line with its newline. @param id hexadecimal */
export function signatureLine(name: string, id: string, signature: Uint8Array): string {
  return `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`
}

/** The text of a note with its last newline, and its signature lines; undefined for what is no note. */
export function splitNote(note: string): { text: string; signatures: NoteSignature[] } | undefined {
  if (note.length > MAX_NOTE_CHARS || !note.endsWith('\n') || !isNoteText(note)) return undefined
  const blank = note.lastIndexOf('\n\n')
  if (blank < 0) return undefined
  const lines = note.slice(blank + 2, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) return undefined
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const signature = parseSignatureLine(line)
    if (signature === undefined) return undefined
    signatures.push(signature)
  }
  return { text: note.slice(0, blank + 1), signatures }
}

export function parseSignatureLine(line: string): NoteSignature | undefined {
  const [dash, name, encoded, ...rest] = line.split(' ')
  if (dash !== '—' || name === undefined || encoded === undefined || rest.length > 0) return undefined
  const bytes = fromBase64(encoded)
  return isKeyName(name) && bytes !== undefined && bytes.length > KEY_ID_BYTES ? { name, bytes } : undefined
}

/** Non-empty, and neither a Unicode space nor a plus sign nor anything a note may not hold. */
export function isKeyName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}+]/u.test(name) && !hasControl(name) && name.isWellFormed()
}

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && !hasControl(text.replaceAll('\n', '')) && text.isWellFormed()
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x20) return true
  return false
}

/** Hexadecimal. */
export function keyId(name: string, type: number, publicKey: Uint8Array): string {
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), Uint8Array.of(type), publicKey])
  return hash('sha256', bytes, 'buffer').toString('hex', 0, KEY_ID_BYTES)
}

/** Standard base64 with padding (RFC 4648 section 4), in its only spelling. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

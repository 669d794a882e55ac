/**
 * The content of a call as it is kept: salt and bytes under a key of their own (AES-256-GCM), and that key wrapped by a
 * key of the kernel. Whoever deletes the wrapped key has erased the content wherever it was copied to, and with the salt
 * the commitment in the log becomes one that nobody can guess at.
 *
 * What it is about is bound in: content of another call, of the other half of a call, or of another log does not open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { taggedHash } from '../encoding/hash.ts'
import { canonicalJson } from '../json/canonical-json.ts'

export type ContentKind = 'arguments' | 'result'

export type ContentContext = {
  /** Of the log that commits to it. */
  origin: string
  callId: string
  kind: ContentKind
  /** SHA-256 of salt and bytes, base64url. */
  commitment: string
}

export type Content = { salt: Uint8Array; bytes: Uint8Array }
export type SealedContent = { blob: Uint8Array; wrappedKey: Uint8Array }
export type OpenedContent = ({ ok: true } & Content) | { ok: false; reason: string }

const MAGIC = Buffer.from('HKB1', 'latin1')
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32
const CIPHER = 'aes-256-gcm'

/** Bytes of `SealedContent.wrappedKey`. */
export const WRAPPED_KEY_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES

/** Names the record in the store, its blob, and its erasure in the log; everyone who reads the log can compute it. */
export function contentHash({ origin, callId, kind }: Omit<ContentContext, 'commitment'>): string {
  return taggedHash('content', `${origin}\n${callId}\n${kind}`)
}

/** @param masterKey 32 bytes @throws RangeError for a salt of more than 255 bytes */
export function sealContent({ salt, bytes }: Content, context: ContentContext, masterKey: Uint8Array): SealedContent {
  if (salt.length > 255) throw new RangeError('a salt has at most 255 bytes')
  const key = randomBytes(KEY_BYTES)
  const blob = Buffer.concat([MAGIC, encrypt(key, [Uint8Array.of(salt.length), salt, bytes], boundTo(context))])
  const wrappedKey = encrypt(masterKey, [key], keyBoundTo(context))
  key.fill(0)
  return { blob, wrappedKey }
}

/** @returns the reason for content that was not sealed for this context by this key. */
export function openContent(
  { blob, wrappedKey }: SealedContent,
  context: ContentContext,
  masterKey: Uint8Array,
): OpenedContent {
  if (blob.length < MAGIC.length + NONCE_BYTES + TAG_BYTES + 1 || !MAGIC.equals(blob.subarray(0, MAGIC.length))) {
    return { ok: false, reason: 'the file is cut, or no kept content' }
  }
  const key = wrappedKey.length === WRAPPED_KEY_BYTES ? decrypt(masterKey, wrappedKey, keyBoundTo(context)) : undefined
  if (key === undefined) return { ok: false, reason: 'its key does not belong to this record, or to this node' }
  const opened = decrypt(key, blob.subarray(MAGIC.length), boundTo(context))
  key.fill(0)
  if (opened === undefined) return { ok: false, reason: 'it is not what was kept of this call' }
  const end = 1 + (opened[0] ?? 0)
  if (end > opened.length) return { ok: false, reason: 'it is not what was kept of this call' }
  return { ok: true, salt: opened.subarray(1, end), bytes: opened.subarray(end) }
}

function boundTo({ origin, callId, kind, commitment }: ContentContext): Buffer {
  return Buffer.from(`hansa/content/v1\n${canonicalJson({ origin, call_id: callId, kind, commitment })}`)
}

function keyBoundTo(context: ContentContext): Buffer {
  return Buffer.from(`hansa/content-key/v1\n${contentHash(context)}`)
}

function encrypt(key: Uint8Array, parts: readonly Uint8Array[], bound: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(bound)
  return Buffer.concat([nonce, ...parts.map((part) => cipher.update(part)), cipher.final(), cipher.getAuthTag()])
}

function decrypt(key: Uint8Array, sealed: Uint8Array, bound: Uint8Array): Buffer | undefined {
  const end = sealed.length - TAG_BYTES
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(bound).setAuthTag(sealed.subarray(end))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()])
  } catch {
    return undefined
  }
}

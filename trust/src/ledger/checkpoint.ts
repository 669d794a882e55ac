/**
 * C2SP checkpoints: `<origin>\n<size>\n<base64 root>\n`, signed as a note (https://c2sp.org/tlog-checkpoint@v1.0.0).
 * Strict: extension lines, which no monitor can check, are refused.
 */
import type { CheckpointReference } from '@hansa/protocols'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { HASH_BYTES } from '../merkle/hashing.ts'
import { fromBase64, type NoteRefusal, type NoteVerifier, type VkeyRefusal, verifyNote } from './note.ts'

export type CheckpointVerdict =
  | { ok: true; checkpoint: CheckpointReference }
  | { ok: false; reason: NoteRefusal | VkeyRefusal | 'checkpoint_malformed' | 'checkpoint_origin' }

/** The text that a log signs. @throws RangeError when the root is not 32 bytes of base64url. */
export function formatCheckpoint(checkpoint: CheckpointReference): string {
  const root = decodeBase64url(checkpoint.root)
  if (root?.length !== HASH_BYTES) throw new RangeError('a root is 32 bytes')
  return `${checkpoint.origin}\n${checkpoint.size}\n${Buffer.from(root).toString('base64')}\n`
}

/** @returns undefined for anything that `formatCheckpoint` does not write. */
export function parseCheckpoint(text: string): CheckpointReference | undefined {
  const [origin = '', digits = '', encoded = '', ...rest] = text.split('\n')
  const root = fromBase64(encoded)
  if (origin === '' || rest.length !== 1 || rest[0] !== '' || root?.length !== HASH_BYTES) return undefined
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(digits) || !Number.isSafeInteger(Number(digits))) return undefined
  return { origin, size: Number(digits), root: encodeBase64url(root) }
}

/** A note that holds a checkpoint of the log whose key signed it: the key name is the origin. */
export function verifyCheckpoint(note: string, vkey: string | NoteVerifier): CheckpointVerdict {
  const verdict = verifyNote(note, vkey)
  if (!verdict.ok) return verdict
  const checkpoint = parseCheckpoint(verdict.text)
  if (checkpoint === undefined) return { ok: false, reason: 'checkpoint_malformed' }
  const name = typeof vkey === 'string' ? vkey.slice(0, vkey.indexOf('+')) : vkey.name
  return checkpoint.origin === name ? { ok: true, checkpoint } : { ok: false, reason: 'checkpoint_origin' }
}

/** The checkpoint in a note, signed by whomever: to say what it claims, never to rely on it. */
export function unverifiedCheckpoint(note: string): CheckpointReference | undefined {
  const blank = note.lastIndexOf('\n\n')
  return blank < 0 ? undefined : parseCheckpoint(note.slice(0, blank + 1))
}

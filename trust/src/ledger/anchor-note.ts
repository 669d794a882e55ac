/**
 * The checkpoint of another log as it is kept in an entry `peer.checkpoint`: with the signature of that log alone, so that
 * the entry convicts the log when its entries are others later. What witnesses signed is kept elsewhere.
 */
import type { CheckpointReference } from '@hansa/protocols'
import { verifyCheckpoint } from './checkpoint.ts'
import { bareNote } from './fork-proof.ts'

/** What `ext.note` of an entry holds. */
const MAX_NOTE_CHARS = 512

/** @param vkeys of the log. @returns undefined for a note that none of them signed, or that is too long for an entry. */
export function anchorNote(note: string, vkeys: readonly string[]): string | undefined {
  const vkey = vkeys.find((one) => verifyCheckpoint(note, one).ok)
  const text = vkey === undefined ? undefined : bareNote(note, vkey)
  return text !== undefined && text.length <= MAX_NOTE_CHARS ? text : undefined
}

/** Whether the log of this key signed exactly this checkpoint. */
export function isSignedAnchor(note: string | undefined, head: CheckpointReference, vkey: string | undefined): boolean {
  if (note === undefined || vkey === undefined) return false
  const verdict = verifyCheckpoint(note, vkey)
  if (!verdict.ok) return false
  const { origin, size, root } = verdict.checkpoint
  return origin === head.origin && size === head.size && root === head.root
}

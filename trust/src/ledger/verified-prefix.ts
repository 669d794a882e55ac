/**
 * The beginning of a log that was verified before, so that an opening can go on behind it: a signed checkpoint, where
 * its last entry is, and the right edge of its tree.
 *
 * Nothing of it is believed by itself. The edge has to give the root that the log's own key signed, and the last entry
 * has to be where it says.
 */
import type { CheckpointReference } from '@hansa/protocols'
import { decodeBase64url } from '../encoding/base64url.ts'
import { HASH_BYTES } from '../merkle/hashing.ts'
import { verifyCheckpoint } from './checkpoint.ts'
import { chainHash, readEntry } from './entry-bytes.ts'
import { Frontier } from './frontier.ts'
import type { LogDirectory } from './log-disk.ts'
import { type NoteVerifier, parseVkey } from './note.ts'
import { MAX_RECORD_BYTES, RECORD_HEADER_BYTES, readRecord } from './record.ts'
import { asBuffer, type RecordPosition } from './record-files.ts'

export type VerifiedPrefix = {
  /** The checkpoint over it, a signed note. */
  note: string
  /** Its last record. */
  last: RecordPosition
  /** Roots of the complete subtrees of its tree, largest first, base64url. */
  peaks: readonly string[]
}

export type OpenPrefix = {
  head: CheckpointReference
  /** `prev` of the next entry. */
  prev: string
  frontier: Frontier
  /** Where the next record begins, unless that begins a file. */
  end: RecordPosition
}

/**
 * What the key of the log signed of a prefix, and whether the directory holds that. A signed one that is not there was
 * there once: the directory is an older copy of itself, or has lost something.
 * @returns undefined when the key did not sign it.
 */
export async function prefixHead(
  directory: LogDirectory,
  vkey: string,
  prefix: VerifiedPrefix,
): Promise<{ head: CheckpointReference; fits: boolean } | undefined> {
  const parsed = parseVkey(vkey)
  const verdict = parsed.ok ? verifyCheckpoint(prefix.note, parsed.verifier) : parsed
  if (!parsed.ok || !verdict.ok) return undefined
  return { head: verdict.checkpoint, fits: (await openPrefix(directory, parsed.verifier, prefix)) !== undefined }
}

/** @returns undefined when it does not fit the log in the directory. */
export async function openPrefix(
  directory: LogDirectory,
  verifier: NoteVerifier,
  { note, last, peaks }: VerifiedPrefix,
): Promise<OpenPrefix | undefined> {
  const verdict = verifyCheckpoint(note, verifier)
  if (!verdict.ok) return undefined
  const { checkpoint: head } = verdict
  const frontier = frontierOf(head, peaks)
  if (frontier === undefined) return undefined
  const { file, offset } = last
  const window = await directory.read(file, offset, offset + RECORD_HEADER_BYTES + MAX_RECORD_BYTES)
  const record = readRecord(asBuffer(window), 0)
  if (record.kind !== 'record' || record.number !== head.size - 1) return undefined
  const reading = readEntry(record.bytes)
  if (!reading.ok || reading.entry.origin !== head.origin || reading.entry.seq !== record.number) return undefined
  return { head, prev: chainHash(record.bytes), frontier, end: { file, offset: offset + record.end } }
}

function frontierOf({ size, root }: CheckpointReference, peaks: readonly string[]): Frontier | undefined {
  const hashes = peaks.map((peak) => decodeBase64url(peak))
  if (!hashes.every((hash) => hash?.length === HASH_BYTES)) return undefined
  const frontier = Frontier.of(
    size,
    hashes.filter((hash) => hash !== undefined),
  )
  const expected = decodeBase64url(root)
  return frontier !== undefined && expected !== undefined && Buffer.from(frontier.root()).equals(expected)
    ? frontier
    : undefined
}

/** Proofs for the entries of one call, made of the stored hashes, each under a checkpoint that covers it. */
import { type CallId, type CheckpointReference, callsOf, type Entry } from '@hansa/protocols'
import { decodeBase64url } from '../../encoding/base64url.ts'
import { HASH_BYTES, leafHash } from '../../merkle/hashing.ts'
import { verifyInclusion } from '../../merkle/inclusion.ts'
import { unverifiedCheckpoint } from '../checkpoint.ts'
import { readCosignedFile } from '../cosigned-checkpoint.ts'
import { readEntry } from '../entry-bytes.ts'
import { EntryPositions } from '../entry-positions.ts'
import type { LogDirectory } from '../log-disk.ts'
import { CHECKPOINT_FILE } from '../log-files.ts'
import { corrupt, type ScannedRecord } from '../record-files.ts'
import { readCheckpointFile } from '../signed-state.ts'
import { HASHES_FILE, hashReader, type ReadHash, storedInclusion } from '../stored-hashes.ts'
import { formatTlogProof } from './tlog-proof.ts'

/** How often somebody who waits is told, in entries. */
const TOLD_EVERY = 10_000

export type ProvenEntry = {
  entry: Entry
  /** As they are in the log, and as they have to be shown with the proof. */
  bytes: Uint8Array
  /** The checkpoint that the proof leads to. */
  checkpoint: CheckpointReference
  /** The text of a tlog-proof file. */
  proof: string
}

export type ProveCallInit = {
  /** Told how many entries of how many were looked at. */
  progress?(read: number, all: number): void
}

/**
 * The entries of a call, in order, as far as they are signed. A checkpoint that witnesses cosigned is taken where it
 * covers the entry, else the last one.
 * @throws LedgerError `log_corrupt` for an entry that is not what was signed, and for what cannot be read on the way
 */
export async function* proveCall(
  directory: LogDirectory,
  call: CallId,
  { progress }: ProveCallInit = {},
): AsyncGenerator<ProvenEntry> {
  const notes = await notesOf(directory)
  const size = notes.at(-1)?.head.size ?? 0
  const readHash = hashReader(directory)
  for await (const record of new EntryPositions(directory).records(0, size)) {
    const { number, bytes } = record
    if (number % TOLD_EVERY === 0) progress?.(number, size)
    // Cheap before it is exact: almost every entry is of another call.
    if (!bytes.includes(call)) continue
    const reading = readEntry(bytes)
    if (!reading.ok) throw corrupt(record.file, record.offset, number)
    const note = notes.find(({ head }) => number < head.size)
    if (callsOf(reading.entry).includes(call) && note !== undefined)
      yield await proven(readHash, record, reading.entry, note)
  }
}

type Note = { head: CheckpointReference; text: string }

/** The cosigned checkpoint, if there is one, and the last one. */
async function notesOf(directory: LogDirectory): Promise<Note[]> {
  const texts = [await readCosignedFile(directory), await readCheckpointFile(directory)]
  const notes: Note[] = []
  for (const text of texts) {
    if (text === undefined) continue
    const head = unverifiedCheckpoint(text)
    if (head === undefined) throw corrupt(CHECKPOINT_FILE, 0, 0)
    notes.push({ head, text })
  }
  return notes
}

async function proven(
  readHash: ReadHash,
  { file, offset, number: index, bytes }: ScannedRecord,
  entry: Entry,
  { head, text }: Note,
): Promise<ProvenEntry> {
  const path = await storedInclusion(readHash, index, head.size).catch((error: unknown) => {
    throw error instanceof RangeError ? corrupt(HASHES_FILE, 0, index) : error
  })
  const root = decodeBase64url(head.root) ?? new Uint8Array(HASH_BYTES)
  const holds = verifyInclusion({ index, size: head.size, leafHash: leafHash(bytes), path, root })
  if (!holds) throw corrupt(file, offset, index)
  const proof = formatTlogProof({ index, path, checkpoint: text })
  return { entry, bytes: Uint8Array.from(bytes), checkpoint: head, proof }
}

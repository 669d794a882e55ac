/** What the log last signed, as its own directory remembers it, and what a crash left behind it. */
import type { CheckpointReference } from '@hansa/protocols'
import { unverifiedCheckpoint, verifyCheckpoint } from './checkpoint.ts'
import { LedgerError } from './errors.ts'
import type { LogDirectory } from './log-disk.ts'
import { CHECKPOINT_FILE, CHECKPOINTS } from './log-files.ts'
import type { NoteVerifier } from './note.ts'
import { corrupt, recordFiles, scanFile } from './record-files.ts'

/** A note is a few hundred bytes; witnesses may add to it. */
const MAX_CHECKPOINT_BYTES = 65_536

export type SignedCheckpoint = { head: CheckpointReference; note: string }
export type Cut = { file: string; size: number }

export type SignedState = {
  /** In order of size; the file `checkpoint` and the end of the history, which differ only after a crash. */
  checkpoints: SignedCheckpoint[]
  /** A torn end of the history. */
  torn?: Cut
}

/** @throws LedgerError `log_foreign`, `log_corrupt`. */
export async function readSignedState(directory: LogDirectory, verifier: NoteVerifier): Promise<SignedState> {
  const note = await readCheckpointFile(directory)
  const history = await lastOfHistory(directory)
  const checkpoints: SignedCheckpoint[] = []
  if (note !== undefined) checkpoints.push(signedBy(verifier, note, { file: CHECKPOINT_FILE, offset: 0 }))
  if (history.last !== undefined) checkpoints.push(signedBy(verifier, history.last.note, history.last))
  checkpoints.sort((a, b) => a.head.size - b.head.size)
  return { checkpoints, ...(history.torn === undefined ? {} : { torn: history.torn }) }
}

/** Text of the file `checkpoint`; undefined when there is none. In one read: a running ledger may replace it any time. */
export async function readCheckpointFile(directory: LogDirectory): Promise<string | undefined> {
  const bytes = await directory.read(CHECKPOINT_FILE, 0, MAX_CHECKPOINT_BYTES)
  if (bytes.length === 0 && (await directory.size(CHECKPOINT_FILE)) === undefined) return undefined
  return Buffer.from(bytes).toString('utf8')
}

function signedBy(verifier: NoteVerifier, note: string, at: { file: string; offset: number }): SignedCheckpoint {
  const verdict = verifyCheckpoint(note, verifier)
  if (verdict.ok) return { head: verdict.checkpoint, note }
  const claimed = unverifiedCheckpoint(note)
  if (claimed !== undefined && verdict.reason === 'note_unsigned') {
    throw new LedgerError(
      { code: 'log_foreign', expected: verifier.vkey, found: claimed.origin },
      `The directory holds the log ${claimed.origin}, which ${verifier.vkey} did not sign. Give every log its own directory.`,
    )
  }
  throw corrupt(at.file, at.offset, claimed?.size ?? 0)
}

async function lastOfHistory(directory: LogDirectory) {
  const files = await recordFiles(directory, CHECKPOINTS)
  let last: { note: string; file: string; offset: number } | undefined
  let torn: Cut | undefined
  // Only the end matters here: the last file that holds a whole record, and what follows it.
  for (const file of files.slice(-2)) {
    for await (const { records, damage } of scanFile(directory, file)) {
      const record = records.at(-1)
      if (record !== undefined) {
        last = { note: record.bytes.toString('utf8'), file: record.file, offset: record.offset }
      }
      if (damage === undefined) continue
      if (damage.resumesAt !== undefined || file !== files.at(-1)) throw corrupt(damage.file, damage.offset, 0)
      torn = { file: damage.file, size: damage.offset }
    }
  }
  return { last, torn }
}

/**
 * The part of a log directory that its last checkpoint covers: what a copy has to hold to be a whole log. Also while a
 * ledger writes to it: what is behind the checkpoint is left out, and what is before never changes.
 */
import type { CheckpointReference } from '@hansa/protocols'
import { HASH_BYTES } from '../merkle/hashing.ts'
import { unverifiedCheckpoint } from './checkpoint.ts'
import type { LogDirectory } from './log-disk.ts'
import { CHECKPOINT_FILE, CHECKPOINTS, ENTRIES } from './log-files.ts'
import { corrupt, recordFiles, scanFile } from './record-files.ts'
import { readCheckpointFile } from './signed-state.ts'
import { HASHES_FILE, storedCount } from './stored-hashes.ts'

export type LogExtent = {
  checkpoint: CheckpointReference
  /** The checkpoint as a signed note: the content of the file `checkpoint`, which is in none of `files`. */
  note: string
  /** The first `bytes` of each of these files. */
  files: { name: string; bytes: number }[]
}

/**
 * Reads the checkpoint and the ends of two files; does not verify.
 * @returns undefined when nothing was signed yet. @throws LedgerError `log_corrupt`.
 */
export async function logExtent(directory: LogDirectory): Promise<LogExtent | undefined> {
  const note = await readCheckpointFile(directory)
  if (note === undefined) return undefined
  const checkpoint = unverifiedCheckpoint(note)
  if (checkpoint === undefined || checkpoint.size === 0) throw corrupt(CHECKPOINT_FILE, 0, 0)
  const { size } = checkpoint
  const files = [
    ...(await recordsUpTo(directory, ENTRIES, size - 1)),
    // Made again from the entries where it is short, so a part of it is as good as all.
    { name: HASHES_FILE, bytes: Math.min(storedCount(size) * HASH_BYTES, (await directory.size(HASHES_FILE)) ?? 0) },
    ...(await recordsUpTo(directory, CHECKPOINTS, size)),
  ]
  return { checkpoint, note, files }
}

/** Files of a prefix, the last one cut behind the record of the given number. */
async function recordsUpTo(directory: LogDirectory, prefix: string, number: number) {
  const files = (await recordFiles(directory, prefix)).filter(({ first }) => first <= number)
  const last = files.at(-1)
  if (last === undefined) throw corrupt(`${prefix}-`, 0, number)
  const whole = files.slice(0, -1).map(({ name, size }) => ({ name, bytes: size }))
  for await (const { records, damage } of scanFile(directory, last)) {
    const found = records.find((record) => record.number === number)
    if (found !== undefined) return [...whole, { name: last.name, bytes: found.end }]
    if (damage !== undefined) break
  }
  throw corrupt(last.name, last.size, number)
}

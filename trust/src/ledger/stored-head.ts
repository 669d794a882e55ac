import type { CheckpointReference } from '@hansa/protocols'
import { verifyCheckpoint } from './checkpoint.ts'
import { LedgerError } from './errors.ts'
import type { LogDirectory } from './log-disk.ts'
import { CHECKPOINT_FILE } from './log-files.ts'
import { corrupt } from './record-files.ts'
import { readCheckpointFile } from './signed-state.ts'

/**
 * The last checkpoint that a log directory holds; undefined when nothing is signed yet. That the entries lead to it is the
 * verifier's to say.
 * @throws LedgerError `log_foreign` when another key signed it, `log_corrupt` when it is none.
 */
export async function readStoredHead(directory: LogDirectory, vkey: string): Promise<CheckpointReference | undefined> {
  const note = await readCheckpointFile(directory)
  if (note === undefined) return undefined
  const verdict = verifyCheckpoint(note, vkey)
  if (verdict.ok) return verdict.checkpoint
  if (verdict.reason !== 'note_unsigned') throw corrupt(CHECKPOINT_FILE, 0, 0)
  throw new LedgerError(
    { code: 'log_foreign', expected: vkey, found: directory.label },
    `${directory.label} holds a log that ${vkey} did not sign.`,
  )
}

/**
 * What ties a log to the one before it. A log that was restored from a copy may not go on: the old one may have, and
 * then there would be two histories under one name. It is frozen at its last checkpoint, and the first entry of its
 * successor, `log.opened`, names that checkpoint and the key that signed it (security.md B8, "Recovery").
 */
import type { CheckpointReference, Entry, EntryExt } from '@hansa/protocols'
import { LedgerError } from './errors.ts'
import type { LogDirectory } from './log-disk.ts'
import { parseVkey } from './note.ts'
import { readEntries } from './read-entries.ts'
import { recover } from './recover.ts'

export type LogLink = {
  /** Where the log before was frozen. */
  previous: CheckpointReference
  /** Its verifier key. */
  vkey: string
}

/** What the first entry of a successor says beside that the log was opened. */
export function linkExt({ previous, vkey }: LogLink): EntryExt {
  return { previous, vkey }
}

/** The link in the first entry; undefined for the first log of a kernel, and for any other entry. */
export function linkOf({ type, seq, ext }: Pick<Entry, 'type' | 'seq' | 'ext'>): LogLink | undefined {
  if (type !== 'log.opened' || seq !== 0 || ext?.previous === undefined || ext.vkey === undefined) return undefined
  return { previous: ext.previous, vkey: ext.vkey }
}

/** @throws LedgerError `log_corrupt`. @returns undefined for an empty directory. */
export async function firstEntry(directory: LogDirectory): Promise<Entry | undefined> {
  try {
    for await (const { entry } of readEntries(directory, 0, 1)) return entry
  } catch (error) {
    if (error instanceof LedgerError && error.detail.code === 'log_missing') return undefined
    throw error
  }
  return undefined
}

/**
 * Gives every entry of a frozen log to `replay`, in order, when the log is exactly the one that the link names: verified
 * from the first byte as when it was opened, with its last checkpoint the last thing in it.
 * @throws LedgerError `log_corrupt`, `log_rolled_back`, `log_foreign`, `log_missing`.
 */
export async function replayFrozenLog(
  directory: LogDirectory,
  { previous, vkey }: LogLink,
  replay: (entry: Entry) => void,
): Promise<void> {
  const parsed = parseVkey(vkey)
  if (!parsed.ok) throw foreign(vkey, previous.origin)
  if (parsed.verifier.name !== previous.origin) throw foreign(parsed.verifier.name, previous.origin)
  const found = await recover({ directory, verifier: parsed.verifier, remembered: previous, replay })
  if (found.size === previous.size && found.signed?.head.root === previous.root) return
  throw new LedgerError(
    { code: 'log_rolled_back', size: found.size, signedSize: previous.size },
    `${directory.label} holds ${found.size} entries, and the log that follows it says that it was frozen at ${previous.size}. Restore the directory from a backup.`,
  )
}

function foreign(expected: string, found: string): LedgerError {
  return new LedgerError({ code: 'log_foreign', expected, found }, `The directory holds the log ${found}.`)
}

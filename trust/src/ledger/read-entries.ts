import { readEntry } from './entry-bytes.ts'
import { LedgerError } from './errors.ts'
import type { StoredEntry } from './ledger.ts'
import type { LogDirectory } from './log-disk.ts'
import { ENTRIES } from './log-files.ts'
import { corrupt, recordFiles, scanFile } from './record-files.ts'

/**
 * Entries `[from, to)` of a log, streamed in order; those that are there. Checks each entry on its own; that they are
 * the ones that were signed is the verifier's to say.
 * @throws LedgerError `log_corrupt` where the range is not readable; `log_missing` when the directory holds no log.
 */
export async function* readEntries(
  directory: LogDirectory,
  from = 0,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<StoredEntry> {
  const files = await recordFiles(directory, ENTRIES)
  if (files.length === 0) throw new LedgerError({ code: 'log_missing', directory: directory.label })
  const start = files.findLastIndex((file) => file.first <= from)
  let seq = from
  for (const file of files.slice(Math.max(0, start))) {
    for await (const { records, damage } of scanFile(directory, file)) {
      for (const { offset, number, bytes } of records) {
        if (number < from) continue
        if (number >= to) return
        const reading = readEntry(bytes)
        if (number !== seq || !reading.ok) throw corrupt(file.name, offset, seq)
        seq++
        yield { entry: reading.entry, bytes: Uint8Array.from(bytes) }
      }
      if (damage === undefined) continue
      // Behind the last whole record of the last file is what a writer has not finished.
      if (damage.resumesAt === undefined && file === files.at(-1)) return
      throw corrupt(file.name, damage.offset, seq)
    }
  }
}

/**
 * The entries of a home's logs that are under a signed checkpoint, the oldest log first. Reads directories, so it works
 * beside a running node and without one.
 */
import { encodeBase64url, leafHash } from '@hansa/trust'
import { type LogDirectory, readEntries, readStoredHead } from '@hansa/trust/ledger'
import type { ExportedEntry } from './exported-entry.ts'

export type ReadableLog = { origin: string; vkey: string; directory: LogDirectory }

/** Up to where somebody has read: `next` is the first sequence number that was not. */
export type LogCursor = { origin: string; next: number }

export type EntryBatch = {
  entries: ExportedEntry[]
  /** Behind the last of them. */
  cursor: LogCursor
}

/**
 * @param logs oldest first
 * @param after @default the beginning of the oldest log
 * @param size entries of a batch, at most
 * @returns ends where nothing more is signed now
 * @throws RangeError for a cursor of another log; LedgerError `log_corrupt`, `log_foreign`, `log_missing`
 */
export async function* signedEntries(
  logs: readonly ReadableLog[],
  after: LogCursor | undefined,
  size: number,
): AsyncGenerator<EntryBatch> {
  const begin = after === undefined ? 0 : logs.findIndex(({ origin }) => origin === after.origin)
  if (begin < 0) throw new RangeError(`there is no log ${after?.origin}`)
  for (const [at, log] of logs.slice(begin).entries()) {
    yield* ofOneLog(log, at === 0 ? (after?.next ?? 0) : 0, size)
  }
}

async function* ofOneLog(log: ReadableLog, from: number, size: number): AsyncGenerator<EntryBatch> {
  const { origin, vkey, directory } = log
  const signed = (await readStoredHead(directory, vkey))?.size ?? 0
  if (from >= signed) return
  let entries: ExportedEntry[] = []
  for await (const { entry, bytes } of readEntries(directory, from, signed)) {
    entries.push({ entry, leafHash: encodeBase64url(leafHash(bytes)) })
    if (entries.length < size) continue
    yield { entries, cursor: { origin, next: entry.seq + 1 } }
    entries = []
  }
  const last = entries.at(-1)
  if (last !== undefined) yield { entries, cursor: { origin, next: last.entry.seq + 1 } }
}

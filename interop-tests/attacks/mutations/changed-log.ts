/** Copies of a log that somebody has changed: with access to its directory, or with the key that it is signed with. */
import type { Clock, Entry, EntryDraft } from '@hansa/protocols'
import { type LogDirectory, type MemoryLogDisk, memoryLogDisk, openLedger, readEntries } from '@hansa/trust/ledger'
import { type FileRecord, fileOf, recordsIn } from './record-file.ts'
import type { TradedLog } from './traded-logs.ts'

const ALL = Number.MAX_SAFE_INTEGER

/** The same directory with one byte of one file changed as it is read; nothing is copied. */
export function withByte(
  disk: LogDirectory,
  file: string,
  offset: number,
  change: (byte: number) => number,
): LogDirectory {
  return {
    label: disk.label,
    list: () => disk.list(),
    size: (name) => disk.size(name),
    async read(name, from, to) {
      const bytes = await disk.read(name, from, to)
      const at = offset - from
      if (name === file && at >= 0 && at < bytes.length) bytes[at] = change(bytes[at] ?? 0)
      return bytes
    },
  }
}

/** Every record of the entries, over all files. */
export async function entryRecords(disk: LogDirectory): Promise<(FileRecord & { file: string })[]> {
  const records: (FileRecord & { file: string })[] = []
  for (const file of await entryFiles(disk)) {
    for (const record of recordsIn(await disk.read(file, 0, ALL))) records.push({ ...record, file })
  }
  return records
}

export async function entryFiles(disk: LogDirectory): Promise<string[]> {
  return (await disk.list()).filter((name) => name.startsWith('entries-'))
}

/** Other records in one file, with the checksums that belong to them. */
export async function withRecords(
  disk: MemoryLogDisk,
  file: string,
  change: (records: FileRecord[]) => FileRecord[],
): Promise<MemoryLogDisk> {
  const copy = disk.copy()
  copy.tamper(file, fileOf(change(recordsIn(await disk.read(file, 0, ALL)))))
  return copy
}

/** All entries in one file, as somebody wants them to be, numbered anew. */
export async function withEntries(
  disk: MemoryLogDisk,
  change: (records: FileRecord[]) => FileRecord[],
): Promise<MemoryLogDisk> {
  const records = change(await entryRecords(disk)).map(({ bytes }, number) => ({ number, bytes }))
  const copy = disk.copy()
  for (const file of await entryFiles(disk)) copy.tamper(file, undefined)
  copy.tamper(`entries-${'0'.repeat(16)}.hkl`, fileOf(records))
  return copy
}

/** The first entries only, and of the checkpoints those that fit: an older copy of the directory. */
export async function cutTo(disk: MemoryLogDisk, size: number): Promise<MemoryLogDisk> {
  const copy = await withEntries(disk, (records) => records.slice(0, size))
  const history = (await disk.list()).find((name) => name.startsWith('checkpoints-')) ?? ''
  const kept = recordsIn(await disk.read(history, 0, ALL)).filter(({ number }) => number <= size)
  const last = kept.at(-1)
  copy.tamper(history, fileOf(kept))
  copy.tamper('checkpoint', last?.bytes)
  return copy
}

/** @returns the entry as it is to be; undefined to leave it out */
export type Edit = (entry: Entry) => Entry | undefined

/** What the holder of the key can do: the log written anew, with every number, link, hash and signature as it has to be. */
export async function rewritten({ disk, key }: Pick<TradedLog, 'disk' | 'key'>, edit: Edit): Promise<MemoryLogDisk> {
  const entries: Entry[] = []
  for await (const { entry } of readEntries(disk)) {
    const kept = edit(entry)
    if (kept !== undefined) entries.push(kept)
  }
  const [first, ...rest] = entries
  if (first === undefined) throw new RangeError('a log without its first entry')
  let now = first.t_ms
  const clock: Clock = { now: () => now, after: () => () => {} }
  const target = memoryLogDisk(disk.label)
  const ledger = await openLedger({
    disk: target,
    origin: key.name,
    key,
    clock,
    ...(first.ext === undefined ? {} : { opening: first.ext }),
    onFatal: (error) => {
      throw error
    },
  })
  for (const entry of rest) {
    now = entry.t_ms
    ledger.append(draftOf(entry))
  }
  await ledger.close()
  return target
}

function draftOf({ v: _v, origin: _origin, seq: _seq, t_ms: _t, prev: _prev, ...draft }: Entry): EntryDraft {
  return draft
}

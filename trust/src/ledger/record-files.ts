/**
 * Files of records: one sequence, cut into files that are named by the number of their first record. Reading is
 * streamed in chunks, so memory does not grow with the log.
 */
import { AppendedFile } from './appended-file.ts'
import { LedgerError } from './errors.ts'
import type { LogDirectory, LogDisk } from './log-disk.ts'
import { findRecord, MAX_RECORD_BYTES, RECORD_HEADER_BYTES, readRecord } from './record.ts'
import { PhaseTimes } from './verify-phases.ts'

/** Bytes per read: large enough that the calls do not count, small enough for any machine. */
const CHUNK_BYTES = 1_048_576
const LARGEST = RECORD_HEADER_BYTES + MAX_RECORD_BYTES
const SUFFIX = '.hkl'

export type RecordFile = { name: string; first: number; size: number }
export type RecordPosition = { file: string; offset: number }
export type ScannedRecord = { file: string; offset: number; number: number; bytes: Buffer; end: number }
/** Bytes that are no record. `resumesAt` is where the next valid one begins, undefined when there is none in the file. */
export type Damage = { file: string; offset: number; resumesAt: number | undefined }
export type Scanned = { records: ScannedRecord[]; damage?: Damage }

/** Sixteen digits hold every safe integer, so that names sort as numbers do. */
export function recordFileName(prefix: string, first: number): string {
  return `${prefix}-${String(first).padStart(16, '0')}${SUFFIX}`
}

/** The files of one prefix in order. */
export async function recordFiles(directory: LogDirectory, prefix: string): Promise<RecordFile[]> {
  const files: RecordFile[] = []
  for (const name of await directory.list()) {
    const first = firstOf(name, prefix)
    if (first !== undefined) files.push({ name, first, size: (await directory.size(name)) ?? 0 })
  }
  return files
}

/** The number in the name of a record file; undefined for other names. */
export function firstOf(name: string, prefix: string): number | undefined {
  if (!name.startsWith(`${prefix}-`) || !name.endsWith(SUFFIX)) return undefined
  const digits = name.slice(prefix.length + 1, -SUFFIX.length)
  return /^[0-9]{16}$/.test(digits) && Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined
}

/**
 * Records of one file from `from`, where a record must begin, to its given size, a chunk at a time. After damage it goes
 * on at the next valid record.
 * @param times what reading the records costs is added to it
 */
export async function* scanFile(
  directory: LogDirectory,
  file: { name: string; size: number },
  from = 0,
  times: PhaseTimes = new PhaseTimes(),
): AsyncGenerator<Scanned> {
  let base = from
  while (base < file.size) {
    const window = asBuffer(await directory.read(file.name, base, Math.min(file.size, base + CHUNK_BYTES + LARGEST)))
    if (window.length === 0) return
    const atEnd = base + window.length >= file.size
    let next: number | undefined = 0
    // Whoever put damage behind every record gets no read of the disk for each.
    while (next !== undefined && (atEnd || next < CHUNK_BYTES)) {
      const begin: number = next
      const { records, at, bad } = times.run('framing', () =>
        parseWindow(window, begin, { file: file.name, base, atEnd }),
      )
      next = bad ? findRecord(window, at + 1) : undefined
      const offset = base + at
      if (!bad) {
        yield { records }
        base = offset
        continue
      }
      const resumesAt = next === undefined ? await nextRecord(directory, file, offset + 1) : base + next
      yield { records, damage: { file: file.name, offset, resumesAt } }
      if (resumesAt === undefined) return
      if (next === undefined || !(atEnd || next < CHUNK_BYTES)) base = resumesAt
    }
  }
}

type Window = { file: string; base: number; atEnd: boolean }

function parseWindow(window: Buffer, from: number, { file, base, atEnd }: Window) {
  const records: ScannedRecord[] = []
  let at = from
  // Stops a chunk in, so that what is left of the window is read again with what follows it.
  while (at < window.length && (atEnd || at < CHUNK_BYTES)) {
    const read = readRecord(window, at)
    if (read.kind !== 'record') return { records, at, bad: true }
    records.push({ file, offset: base + at, number: read.number, bytes: read.bytes, end: base + read.end })
    at = read.end
  }
  return { records, at, bad: false }
}

/**
 * Records from a position to another one, over the files between; both are ends of whole records.
 * @param first number of the first record. @throws LedgerError `log_corrupt` at the first byte that is no record.
 */
export async function* scanRange(
  directory: LogDirectory,
  prefix: string,
  from: RecordPosition,
  to: RecordPosition,
  first: number,
): AsyncGenerator<ScannedRecord[]> {
  let expected = first
  for (const file of await filesBetween(directory, prefix, from, to)) {
    for await (const { records, damage } of scanFile(directory, file, file.name === from.file ? from.offset : 0)) {
      yield records
      expected += records.length
      if (damage !== undefined) throw corrupt(damage.file, damage.offset, expected)
    }
  }
}

async function filesBetween(directory: LogDirectory, prefix: string, from: RecordPosition, to: RecordPosition) {
  const last = { name: to.file, size: to.offset }
  if (from.file === to.file) return [last]
  const files = await recordFiles(directory, prefix)
  return [...files.filter(({ name }) => name >= from.file && name < to.file), last]
}

async function nextRecord(
  directory: LogDirectory,
  file: { name: string; size: number },
  from: number,
): Promise<number | undefined> {
  for (let base = from; base < file.size; base += CHUNK_BYTES) {
    const window = asBuffer(await directory.read(file.name, base, Math.min(file.size, base + CHUNK_BYTES + LARGEST)))
    const at = findRecord(window, 0)
    if (at !== undefined) return base + at
  }
  return undefined
}

/** Appends records, and begins a new file where the next write would take this one beyond its size. */
export class RecordWriter {
  readonly #disk: LogDisk
  readonly #prefix: string
  readonly #rollBytes: number
  #file: AppendedFile

  private constructor(disk: LogDisk, prefix: string, rollBytes: number, file: AppendedFile) {
    this.#disk = disk
    this.#prefix = prefix
    this.#rollBytes = rollBytes
    this.#file = file
  }

  /** Goes on in the last file of `prefix`, and makes what it holds durable; begins one named `first` when there is none. */
  static async open(disk: LogDisk, prefix: string, rollBytes: number, first: number): Promise<RecordWriter> {
    const last = (await recordFiles(disk, prefix)).at(-1)
    const file = await AppendedFile.open(disk, last?.name ?? recordFileName(prefix, first))
    await file.datasync()
    await disk.syncDirectory()
    return new RecordWriter(disk, prefix, rollBytes, file)
  }

  /** Where the next byte goes, unless a new file is begun. */
  get position(): RecordPosition {
    return { file: this.#file.name, offset: this.#file.size }
  }

  /** @param bytes whole records, the first of them numbered `first`. Everything before must be durable already. */
  async append(bytes: Uint8Array, first: number): Promise<void> {
    if (this.#file.size > 0 && this.#file.size + bytes.length > this.#rollBytes) {
      const next = await AppendedFile.open(this.#disk, recordFileName(this.#prefix, first))
      await this.#file.close()
      this.#file = next
    }
    await this.#file.append(bytes)
  }

  datasync(): Promise<void> {
    return this.#file.datasync()
  }

  /** Takes back what a failed `append` may have left behind. */
  cutBack(): Promise<void> {
    return this.#file.cutBack()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The failure of a log whose bytes at a place are not what was written there. */
export function corrupt(file: string, offset: number, seq: number): LedgerError {
  const where = `${file} at byte ${offset}, where entry ${seq} should be`
  return new LedgerError(
    { code: 'log_corrupt', file, offset, seq },
    `The log is damaged: ${where}. Keep the directory as it is, run the verifier on it, and start a new log.`,
  )
}

/**
 * Reads entries of a log by number, without reading what stands before them. Where every 256th entry begins is
 * remembered as it is come across; before that, a file of records is read from its beginning once.
 *
 * Also while a ledger writes to the log: what is there never changes, and what is added is found when it is asked for.
 */
import { LRUCache } from 'lru-cache'
import type { LogDirectory } from './log-disk.ts'
import { ENTRIES } from './log-files.ts'
import {
  corrupt,
  type RecordFile,
  type RecordPosition,
  recordFiles,
  type ScannedRecord,
  scanFile,
} from './record-files.ts'

const MARK_EVERY = 256
/** Enough for sixteen million entries; a log that is longer is read a little further now and then. */
const MAX_MARKS = 65_536

export class EntryPositions {
  readonly #directory: LogDirectory
  readonly #marks = new LRUCache<number, RecordPosition>({ max: MAX_MARKS })
  #files: RecordFile[] = []

  constructor(directory: LogDirectory) {
    this.#directory = directory
  }

  /** Exactly the records `[from, to)`. @throws LedgerError `log_corrupt` where one of them cannot be read. */
  async *records(from: number, to: number): AsyncGenerator<ScannedRecord> {
    let expected = from
    while (expected < to) {
      const file = await this.#fileOf(expected)
      if (file === undefined) throw corrupt(`${ENTRIES}-`, 0, expected)
      for await (const record of this.#scan(file, expected, to)) {
        if (record.number !== expected) throw corrupt(record.file, record.offset, expected)
        expected++
        yield record
      }
      const next = this.#files[this.#files.indexOf(file) + 1]
      if (expected < to && next?.first !== expected) throw corrupt(file.name, file.size, expected)
    }
  }

  /** The file that holds an entry. The last one that is known may have grown, or been followed by another. */
  async #fileOf(number: number): Promise<RecordFile | undefined> {
    const known = this.#files.findLastIndex(({ first }) => first <= number)
    if (known >= 0 && known < this.#files.length - 1) return this.#files[known]
    this.#files = await recordFiles(this.#directory, ENTRIES)
    return this.#files.findLast(({ first }) => first <= number)
  }

  async *#scan(file: RecordFile, from: number, to: number): AsyncGenerator<ScannedRecord> {
    const size = this.#endOf(file, to)
    let expected = from
    for await (const { records, damage } of scanFile(this.#directory, { ...file, size }, this.#startOf(file, from))) {
      for (const record of records) {
        const { number, offset } = record
        if (number % MARK_EVERY === 0) this.#marks.set(number / MARK_EVERY, { file: file.name, offset })
        if (number < from) continue
        if (number >= to) return
        expected = number + 1
        yield record
      }
      if (damage !== undefined) throw corrupt(damage.file, damage.offset, expected)
    }
  }

  #startOf({ name, first }: RecordFile, number: number): number {
    for (let mark = Math.floor(number / MARK_EVERY); mark * MARK_EVERY > first; mark--) {
      const position = this.#marks.get(mark)
      if (position?.file === name) return position.offset
    }
    return 0
  }

  /** Where reading can stop: where the entry begins that is not wanted any more, if that is known. */
  #endOf({ name, size }: RecordFile, to: number): number {
    const position = this.#marks.get(Math.ceil(to / MARK_EVERY))
    return position?.file === name ? position.offset : size
  }
}

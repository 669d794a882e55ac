/** Entries in order, each linked to the one before it, as they come from the disk. */
import type { Entry } from '@hansa/protocols'
import { chainHash, GENESIS, readEntry } from './entry-bytes.ts'
import { LedgerError } from './errors.ts'
import { corrupt, type ScannedRecord } from './record-files.ts'

export class EntryChain {
  readonly #origin: string
  #size: number
  #prev: string

  /** @param after where the chain goes on; @default at its beginning */
  constructor(origin: string, after: { size: number; prev: string } = { size: 0, prev: GENESIS }) {
    this.#origin = origin
    this.#size = after.size
    this.#prev = after.prev
  }

  /** Entries so far. */
  get size(): number {
    return this.#size
  }

  /** `prev` of the next entry. */
  get prev(): string {
    return this.#prev
  }

  /** @throws LedgerError `log_corrupt` unless the record holds the next entry, `log_foreign` for one of another log. */
  take({ file, offset, number, bytes }: ScannedRecord): Entry {
    const reading = readEntry(bytes)
    if (number !== this.#size || !reading.ok) throw corrupt(file, offset, this.#size)
    const { entry } = reading
    if (entry.origin !== this.#origin) {
      const found = entry.origin
      throw new LedgerError(
        { code: 'log_foreign', expected: this.#origin, found },
        `The directory holds the log ${found}.`,
      )
    }
    if (entry.seq !== number || entry.prev !== this.#prev) throw corrupt(file, offset, this.#size)
    this.#prev = chainHash(bytes)
    this.#size++
    return entry
  }
}

/**
 * The entries that go to the disk in one write. Each is written once into the batch's own memory, and hashed there: the
 * space that its record header will take holds the domain tag first, so nothing is copied to be hashed.
 */
import { linkInPlace } from './entry-hashes.ts'
import { MAX_RECORD_BYTES, RECORD_HEADER_BYTES, sealRecord } from './record.ts'

/** Largest UTF-8 form of one UTF-16 code unit. */
const BYTES_PER_UNIT = 3
const INITIAL_BYTES = 65_536

/** `link` is what the next entry names as `prev`. `bytes` counts the whole record. */
export type BatchedEntry = { link: string; bytes: number }

export class Batch {
  readonly first: number
  /** What the entry behind each one names as `prev`, in order. */
  readonly links: string[] = []
  /** Settles with the write; nobody has to listen. */
  readonly durable: Promise<void>
  readonly settle: { done(): void; failed(error: unknown): void }
  #memory: Buffer
  #length = 0

  /** @param first sequence number of the first entry. @param memory to write into, from a batch that is done with it. */
  constructor(first: number, memory: Buffer = Buffer.allocUnsafe(INITIAL_BYTES)) {
    this.first = first
    this.#memory = memory
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    promise.catch(() => undefined)
    this.durable = promise
    this.settle = { done: resolve, failed: reject }
  }

  /** For the next batch, once this one is written. */
  get memory(): Buffer {
    return this.#memory
  }

  /** Whole records; valid until the next `add`. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }

  /** @param text at most 65,535 bytes as UTF-8. */
  add(text: string): BatchedEntry {
    this.#reserve(RECORD_HEADER_BYTES + Math.min(text.length * BYTES_PER_UNIT, MAX_RECORD_BYTES))
    const at = this.#length
    const start = at + RECORD_HEADER_BYTES
    const length = this.#memory.write(text, start)
    const end = start + length
    const link = linkInPlace(this.#memory, start, end)
    sealRecord(this.#memory, at, length, this.first + this.links.length)
    this.links.push(link)
    this.#length = end
    return { link, bytes: end - at }
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#memory.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#memory.length * 2, this.#length + bytes))
    this.#memory.copy(grown, 0, 0, this.#length)
    this.#memory = grown
  }
}

/**
 * A hash-chained log with group commit. A record is `length u32 | hash of the record before (32) | type | body`; what is
 * appended while a batch is being written goes into the next one, and a batch is one write and one `fdatasync`.
 */
import { hash } from 'node:crypto'
import { fdatasync, openSync, write } from 'node:fs'
import { promisify } from 'node:util'

const writeAt = promisify(write)
const datasync = promisify(fdatasync)
const LENGTH_BYTES = 4
const HASH_BYTES = 32

export type RecordType = 'intent.sent' | 'intent.accepted' | 'outcome' | 'receipt.received'
const TYPE_BYTES: Readonly<Record<RecordType, Buffer>> = {
  'intent.sent': Buffer.from([1]),
  'intent.accepted': Buffer.from([2]),
  outcome: Buffer.from([3]),
  'receipt.received': Buffer.from([4]),
}

/** `hash` links the next record to this one; `durable` resolves when it survives a loss of power. */
export type Logged = { index: number; hash: Buffer; durable: Promise<void> }

export class GroupCommitLog {
  readonly #fd: number
  #size = 0
  #previous: Buffer = Buffer.alloc(HASH_BYTES)
  #batch = new Batch()
  #draining = false

  /** @param path of a file that does not exist yet. */
  constructor(path: string) {
    this.#fd = openSync(path, 'ax', 0o600)
  }

  append(type: RecordType, ...body: Buffer[]): Logged {
    const length = Buffer.allocUnsafe(LENGTH_BYTES)
    const record = Buffer.concat([length, this.#previous, TYPE_BYTES[type], ...body])
    record.writeUInt32BE(record.length - LENGTH_BYTES)
    this.#previous = hash('sha256', record, 'buffer')
    this.#batch.records.push(record)
    if (!this.#draining) {
      this.#draining = true
      setImmediate(() => void this.#drain())
    }
    return { index: this.#size++, hash: this.#previous, durable: this.#batch.durable }
  }

  async #drain(): Promise<void> {
    while (this.#batch.records.length > 0) {
      const batch = this.#batch
      this.#batch = new Batch()
      try {
        await writeWhole(this.#fd, Buffer.concat(batch.records))
        await datasync(this.#fd)
        batch.done()
      } catch (error) {
        batch.failed(error)
      }
      // Whoever waited for this batch appends again before the next one is closed.
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#draining = false
  }
}

class Batch {
  readonly records: Buffer[] = []
  readonly durable: Promise<void>
  readonly done: () => void
  readonly failed: (error: unknown) => void

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.durable = promise
    this.done = resolve
    this.failed = reject
  }
}

async function writeWhole(fd: number, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    from += (await writeAt(fd, bytes, from, bytes.length - from, null)).bytesWritten
  }
}

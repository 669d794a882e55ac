/**
 * Group commit: what is appended while a batch is on its way to the disk goes into the next one, and each batch is one
 * write and one sync. No timer: whoever is alone waits for nobody.
 *
 * With many writers, and where forming their entries takes longer than the disk does, the batch is halved, so that one
 * half is formed while the other one is synced. Then those of the first half are told only once the second half is on
 * its way: what they append next must not hold it up. A disk that is slower gets everything together.
 */
import { Batch, type BatchedEntry } from './batch.ts'
import type { Stopwatch } from './verify-phases.ts'

/** A burst must not hold its memory for ever. */
const MAX_SPARE_BYTES = 4_194_304

/** Fewer entries are formed in less time than a sync takes. */
const LEAST_HALF = 48

export type GroupCommitInit = {
  /** Sequence number of the first entry. */
  first: number
  /** Runs the given function after everything else that is ready now. */
  schedule(run: () => void): void
  stopwatch: Stopwatch
  /** Puts the batch into its file. */
  write(batch: Batch): Promise<void>
  /** Makes durable what was written. */
  sync(): Promise<void>
  /**
   * The batch is durable; those who wait for it do not know yet.
   * @returns what has to end before another one is written; undefined for nothing.
   */
  done(batch: Batch): Promise<void> | undefined
  /** A write or a sync failed: nothing is written any more. */
  failed(error: unknown): void
}

export class GroupCommit {
  readonly #init: GroupCommitInit
  #size: number
  /** Collects while the one before is written. */
  #batch: Batch
  /** The first half of what is being appended. */
  #half: Batch | undefined
  #inFlight: Batch | undefined
  /** Nothing is in flight, and those of the last batch are appending again. */
  #collecting = false
  /** Entries that are half of what is under way. */
  #enough = Number.POSITIVE_INFINITY
  /** What it took last to form all entries that are under way, ms. */
  #formingMs = 0
  #spare: Buffer[] = []
  #draining: Promise<void> | undefined

  constructor(init: GroupCommitInit) {
    this.#init = init
    this.#size = init.first
    this.#batch = new Batch(init.first)
  }

  /** Entries, written or not; also the number of the next one. */
  get size(): number {
    return this.#size
  }

  /** Resolves when the last entry that was added is durable; undefined when none is under way. */
  get last(): Promise<void> | undefined {
    const collects = this.#batch.links.length > 0 ? this.#batch : undefined
    return (collects ?? this.#half ?? this.#inFlight)?.durable
  }

  /** @param text at most 65,535 bytes as UTF-8. */
  add(text: string): BatchedEntry & { durable: Promise<void> } {
    const batch = this.#batch
    const { link, bytes } = batch.add(text)
    this.#size++
    if (this.#collecting && this.#half === undefined && batch.links.length >= this.#enough) {
      this.#half = batch
      this.#batch = this.#next()
    }
    return { link, bytes, durable: batch.durable }
  }

  /** Writes what was added, after everything else that is ready now. */
  drainSoon(): void {
    if (this.#draining !== undefined) return
    this.#draining = this.#turn()
      .then(() => this.#drain())
      .catch((error: unknown) => this.#init.failed(error))
      .finally(() => {
        this.#draining = undefined
        // Appended after the loop had looked for the last time.
        if (this.#batch.links.length > 0) this.drainSoon()
      })
  }

  get draining(): boolean {
    return this.#draining !== undefined
  }

  /** Resolves when everything that was added was written, or failed. */
  async drained(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
  }

  /** Tells everybody who waits. */
  refuse(error: unknown): void {
    for (const batch of [this.#inFlight, this.#half, this.#batch]) batch?.settle.failed(error)
    this.#inFlight = undefined
    this.#half = undefined
    this.#batch = new Batch(this.#size)
  }

  async #drain(): Promise<void> {
    let untold: Batch | undefined
    for (let batch = this.#take(); batch !== undefined; batch = this.#take()) {
      const begun = this.#init.stopwatch()
      await this.#commit(batch, untold)
      untold = undefined
      const rest = this.#init.done(batch)
      if (batch.memory.length <= MAX_SPARE_BYTES && this.#spare.length < 2) this.#spare.push(batch.memory)
      const waiting = this.#batch.links.length
      const pays = this.#formingMs > this.#init.stopwatch() - begun
      this.#enough = pays
        ? Math.max(LEAST_HALF, Math.ceil((batch.links.length + waiting) / 2))
        : Number.POSITIVE_INFINITY
      if (waiting >= this.#enough && rest === undefined) untold = batch
      else await this.#collect(batch, rest)
    }
  }

  /** @param untold who is told when this one is on its way, or cannot be. */
  async #commit(batch: Batch, untold: Batch | undefined): Promise<void> {
    this.#inFlight = batch
    let synced: Promise<void>
    try {
      await this.#init.write(batch)
      synced = this.#init.sync()
    } finally {
      if (untold !== undefined) void this.#tell(untold, 2)
    }
    await synced
    this.#inFlight = undefined
  }

  /** Whoever waited for this batch appends again before the next one is closed. */
  async #collect(batch: Batch, rest: Promise<void> | undefined): Promise<void> {
    this.#collecting = true
    await this.#tell(batch, 1)
    await rest
    this.#collecting = false
  }

  /** @param times so many of those who are told now are all that are under way. */
  async #tell(batch: Batch, times: number): Promise<void> {
    const begun = this.#init.stopwatch()
    batch.settle.done()
    await this.#turn()
    this.#formingMs = (this.#init.stopwatch() - begun) * times
  }

  #take(): Batch | undefined {
    const half = this.#half
    this.#half = undefined
    if (half !== undefined || this.#batch.links.length === 0) return half
    const batch = this.#batch
    this.#batch = this.#next()
    return batch
  }

  #next(): Batch {
    return new Batch(this.#size, this.#spare.pop())
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#init.schedule(resolve))
  }
}

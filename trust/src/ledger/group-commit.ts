/**
 * Group commit: what is appended while a batch is on its way to the disk goes into the next one, and each batch is one
 * write and one sync. No timer: whoever is alone waits for nobody.
 */
import { Batch, type BatchedEntry } from './batch.ts'

/** A burst must not hold its memory for ever. */
const MAX_SPARE_BYTES = 4_194_304

export type GroupCommitInit = {
  /** Sequence number of the first entry. */
  first: number
  /** Runs the given function after everything else that is ready now. */
  schedule(run: () => void): void
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
  #inFlight: Batch | undefined
  #spare: Buffer | undefined
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
    return (this.#batch.links.length > 0 ? this.#batch : this.#inFlight)?.durable
  }

  get draining(): boolean {
    return this.#draining !== undefined
  }

  /** @param text at most 65,535 bytes as UTF-8. */
  add(text: string): BatchedEntry & { durable: Promise<void> } {
    const { link, bytes } = this.#batch.add(text)
    this.#size++
    return { link, bytes, durable: this.#batch.durable }
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

  /** Resolves when everything that was added was written, or failed. */
  async drained(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
  }

  /** Tells everybody who waits. */
  refuse(error: unknown): void {
    this.#inFlight?.settle.failed(error)
    this.#inFlight = undefined
    this.#batch.settle.failed(error)
    this.#batch = new Batch(this.#size)
  }

  async #drain(): Promise<void> {
    while (this.#batch.links.length > 0) {
      const batch = this.#batch
      this.#inFlight = batch
      this.#batch = new Batch(this.#size, this.#spare)
      await this.#init.write(batch)
      await this.#init.sync()
      this.#inFlight = undefined
      this.#spare = batch.memory.length <= MAX_SPARE_BYTES ? batch.memory : undefined
      const rest = this.#init.done(batch)
      batch.settle.done()
      await rest
      // Whoever waited for this batch appends again before the next one is closed.
      await this.#turn()
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#init.schedule(resolve))
  }
}

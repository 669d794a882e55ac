/** A ledger in memory for the parts of a kernel that write to one: a test says what becomes durable when, and what fails. */
import type { Clock, Entry, EntryDraft } from '@hansa/protocols'
import { type Appended, LedgerError, type StoredEntry } from '@hansa/trust/ledger'

export class FakeLedger {
  /** Everything that was appended, as it would be read back. */
  readonly entries: Entry[] = []
  readonly origin = 'test/log/1'
  readonly room = { bytes: 0, maxBytes: undefined, used: undefined }
  /** Whether it takes only what ends or takes away. */
  full = false
  readonly #clock: Clock
  #gate: PromiseWithResolvers<void> | undefined
  #fault: 'busy' | 'log_full' | 'entry_refused' | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  readonly append = (draft: EntryDraft): Appended => {
    if (this.#fault === 'busy') throw new LedgerError({ code: 'busy', waiting: 1 })
    if (this.#fault === 'log_full') throw new LedgerError({ code: 'log_full' })
    if (this.#fault === 'entry_refused') throw new LedgerError({ code: 'entry_refused', reason: 'a test says so' })
    const [seq, tMs] = [this.entries.length, this.#clock.now()]
    this.entries.push({ ...draft, v: 1, origin: this.origin, seq, t_ms: tMs, prev: 'A'.repeat(43) })
    return { seq, tMs, leafHash: 'A'.repeat(43), durable: this.#gate?.promise ?? Promise.resolve() }
  }

  get size(): number {
    return this.entries.length
  }

  async *read(from = 0): AsyncIterable<StoredEntry> {
    for (const entry of this.entries.slice(from)) yield { entry, bytes: new Uint8Array() }
  }

  /** What is appended from now on is not durable until the function is called. */
  hold(): () => void {
    const gate = Promise.withResolvers<void>()
    this.#gate = gate
    return () => {
      if (this.#gate === gate) this.#gate = undefined
      gate.resolve()
    }
  }

  /** @returns ends it. */
  fail(fault: 'busy' | 'log_full' | 'entry_refused'): () => void {
    this.#fault = fault
    return () => {
      this.#fault = undefined
    }
  }

  ofType(type: Entry['type']): Entry[] {
    return this.entries.filter((entry) => entry.type === type)
  }
}

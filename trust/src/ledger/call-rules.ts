/**
 * The rule about calls in one log: at most one begin entry, exactly one outcome entry, in this order (wire.md, "State per
 * call"). What became of a result that was awaited is said once, after the receipt.
 */
import type { CallId, EntryType } from '@hansa/protocols'
import type { WalkedEntry } from './walked-entry.ts'

const begins: ReadonlySet<EntryType> = new Set(['call.begun', 'intent.sent', 'intent.accepted'])
const results: ReadonlySet<EntryType> = new Set(['result.received', 'result.missing'])
const outcomes: ReadonlySet<EntryType> = new Set(['outcome', 'receipt.received'])

export class CallRules {
  readonly #closedLater: ReadonlySet<CallId>
  readonly #open = new Map<CallId, number>()
  readonly #closed = new Set<CallId>()
  /** Whose result was awaited, and what became of it is said. */
  readonly #revealed = new Set<CallId>()
  #begun = 0

  /** @param closedLater calls that the logs which follow this one close. */
  constructor(closedLater: ReadonlySet<CallId> = new Set()) {
    this.#closedLater = closedLater
  }

  /** @returns what is wrong with this entry, given those before it. */
  check({ type, callId: id, seq }: Pick<WalkedEntry, 'type' | 'callId' | 'seq'>): string | undefined {
    if (begins.has(type)) return id === undefined ? `${type} without a call` : this.#begin(id, seq)
    if (outcomes.has(type)) return id === undefined ? `${type} without a call` : this.#close(id)
    if (results.has(type)) return id === undefined ? `${type} without a call` : this.#reveal(id, type)
    return undefined
  }

  get counts(): { begun: number; closed: number; open: number } {
    return { begun: this.#begun, closed: this.#closed.size, open: this.open().length }
  }

  /** Calls that were begun and have no outcome, with the entry that began them. */
  open(): [CallId, number][] {
    return [...this.#open].filter(([id]) => !this.#closedLater.has(id))
  }

  #begin(id: CallId, seq: number): string | undefined {
    this.#begun++
    if (this.#closed.has(id)) return `call ${id} begins after its outcome`
    if (this.#open.has(id)) return `call ${id} begins twice`
    this.#open.set(id, seq)
    return undefined
  }

  #close(id: CallId): string | undefined {
    if (this.#closed.has(id)) return `call ${id} has a second outcome`
    if (this.#closedLater.has(id)) return `call ${id} has another outcome in the log that follows`
    this.#open.delete(id)
    this.#closed.add(id)
    return undefined
  }
  /** The receipt may be in the log before this one. */
  #reveal(id: CallId, type: EntryType): string | undefined {
    if (this.#open.has(id)) return `${type} of call ${id} before its receipt`
    if (this.#revealed.has(id)) return `call ${id} has a second result`
    this.#revealed.add(id)
    return undefined
  }
}

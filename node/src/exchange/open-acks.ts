/** Receipts of this kernel that their callers have not acknowledged. A projection of the ledger. */
import type { Did, Entry } from '@hansa/protocols'

/** Most receipts remembered as open; the oldest are forgotten first, and then count as never acknowledged. */
const MAX_OPEN = 100_000

type Open = { peer: Did; receiptHash?: string }

export class OpenAcks {
  readonly #open = new Map<string, Open>()

  expect(callId: string, peer: Did, receiptHash: string): void {
    this.#open.set(callId, { peer, receiptHash })
    if (this.#open.size > MAX_OPEN) this.#forgetOldest()
  }

  /** @returns whether this is the first good acknowledgement of a receipt that this kernel gave to `peer`. */
  take(callId: string, peer: Did, receiptHash: string): boolean {
    const open = this.#open.get(callId)
    if (open === undefined || open.peer !== peer) return false
    if (open.receiptHash !== undefined && open.receiptHash !== receiptHash) return false
    this.#open.delete(callId)
    return true
  }

  /** After a restart the hash of a receipt is not known any more: the verifier compares it with the other log. */
  replay(entry: Entry): void {
    if (entry.call_id === undefined || entry.peer === undefined) return
    if (entry.type === 'outcome' && entry.intent !== undefined) this.#open.set(entry.call_id, { peer: entry.peer })
    if (entry.type === 'ack.received') this.#open.delete(entry.call_id)
    if (this.#open.size > MAX_OPEN) this.#forgetOldest()
  }

  #forgetOldest(): void {
    const oldest = this.#open.keys().next()
    if (!oldest.done) this.#open.delete(oldest.value)
  }
}

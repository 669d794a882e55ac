/**
 * Receipts of this kernel that their callers have not acknowledged. A projection of the ledger.
 *
 * Kept by peer, because a peer chooses the ids of its calls: what one peer names or leaves open is no other's concern.
 */
import { callsOf, type Did, type Entry } from '@hansa/protocols'

/** Most receipts remembered as open; the oldest of whoever has most are forgotten, and then count as never acknowledged. */
const MAX_OPEN = 100_000

/** Calls by peer, as JSON, in the order of their receipts. */
export type OpenAcksState = [peer: Did, callIds: string[]][]

export class OpenAcks {
  /** By peer, the calls in the order of their receipts, each with the receipt's hash where it is still known. */
  readonly #open = new Map<Did, Map<string, string | undefined>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  expect(callId: string, peer: Did, receiptHash: string | undefined): void {
    const calls = this.#open.get(peer) ?? new Map<string, string | undefined>()
    this.#open.set(peer, calls)
    if (!calls.has(callId)) this.#size += 1
    calls.set(callId, receiptHash)
    if (this.#size > MAX_OPEN) this.#forgetOldest()
  }

  /** Whether this peer owes any acknowledgement; asked before a signature of its is looked at. */
  owes(peer: Did): boolean {
    return this.#open.has(peer)
  }

  /** Whether it is the receipt that this kernel gave to `peer` for the call. */
  fits(callId: string, peer: Did, receiptHash: string): boolean {
    const calls = this.#open.get(peer)
    const expected = calls?.get(callId)
    return calls?.has(callId) === true && (expected === undefined || expected === receiptHash)
  }

  isOpen(callId: string, peer: Did): boolean {
    return this.#open.get(peer)?.has(callId) === true
  }

  /** The acknowledgement is in the ledger. */
  close(callId: string, peer: Did): void {
    const calls = this.#open.get(peer)
    if (calls?.delete(callId) !== true) return
    this.#size -= 1
    if (calls.size === 0) this.#open.delete(peer)
  }

  state(): OpenAcksState {
    return [...this.#open].map(([peer, calls]) => [peer, [...calls.keys()]])
  }

  restore(state: OpenAcksState): void {
    for (const [peer, callIds] of state) for (const callId of callIds) this.expect(callId, peer, undefined)
  }

  /** After a restart the hash of a receipt is not known any more: the verifier compares it with the other log. */
  replay(entry: Entry): void {
    const { type, call_id: callId, peer, actor } = entry
    if (peer === undefined) return
    // Only the calls that the peer made here: a call of our own that ended without a receipt is an outcome too.
    const isItsCall = type === 'outcome' && actor?.startsWith(`${peer}#`) === true
    if (isItsCall && callId !== undefined) this.expect(callId, peer, undefined)
    if (type === 'ack.received' || type === 'acks.received') for (const call of callsOf(entry)) this.close(call, peer)
  }

  #forgetOldest(): void {
    let largest: [Did, Map<string, string | undefined>] | undefined
    for (const one of this.#open) if (largest === undefined || one[1].size > largest[1].size) largest = one
    const oldest = largest?.[1].keys().next()
    if (largest !== undefined && oldest?.done === false) this.close(oldest.value, largest[0])
  }
}

/**
 * Ids of calls that are in the log. The caller chooses the id of a call, so a peer could choose one that is taken: its
 * own of a minute ago, or that of a call this kernel made at it. Two calls under one id would be indistinguishable in
 * the log and in everything that is remembered by call, so the second is turned away before it is one.
 *
 * Bounded: what is older than half a million calls is forgotten.
 */
import type { Entry } from '@hansa/protocols'

/** Ids in one generation; there are two. */
const MAX_GENERATION = 250_000

const NAMES_A_CALL: ReadonlySet<string> = new Set([
  'call.begun',
  'intent.sent',
  'intent.accepted',
  'outcome',
  'receipt.received',
])

/** Ids of the two generations, separated by spaces: half a million of them are read and written at a time. */
export type CallIdsState = { young: string; old: string }

export class CallIds {
  readonly #max: number
  #young = new Set<string>()
  #old = new Set<string>()

  constructor(max = MAX_GENERATION) {
    this.#max = max
  }

  /** @returns whether the id was free; it is then taken. */
  take(callId: string): boolean {
    if (this.#young.has(callId) || this.#old.has(callId)) return false
    if (this.#young.size >= this.#max) {
      this.#old = this.#young
      this.#young = new Set()
    }
    this.#young.add(callId)
    return true
  }

  /** Of a call that left nothing in the log: it takes no room, or strangers who are refused would drive the others out. */
  release(callId: string): void {
    this.#young.delete(callId)
    this.#old.delete(callId)
  }

  /** Of the last half a million calls. */
  has(callId: string): boolean {
    return this.#young.has(callId) || this.#old.has(callId)
  }

  state(): CallIdsState {
    return { young: [...this.#young].join(' '), old: [...this.#old].join(' ') }
  }

  restore({ young, old }: CallIdsState): void {
    this.#young = idsIn(young)
    this.#old = idsIn(old)
  }

  replay(entry: Entry): void {
    if (entry.call_id !== undefined && NAMES_A_CALL.has(entry.type)) this.take(entry.call_id)
    if (entry.ext?.retry_of !== undefined) this.take(entry.ext.retry_of)
  }
}

function idsIn(text: string): Set<string> {
  return new Set(text === '' ? [] : text.split(' '))
}

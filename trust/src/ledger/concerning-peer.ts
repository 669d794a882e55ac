/** Which entries of a log concern one other kernel: what names it, the calls with it, and the approvals of those calls. Pure. */
import { callsOf, type Did, type Entry } from '@hansa/protocols'

export class ConcerningPeer {
  readonly #peer: Did
  readonly #calls = new Set<string>()
  readonly #approvals = new Set<string>()

  constructor(peer: Did) {
    this.#peer = peer
  }

  /** Of every entry once, in order, before the first `has`: a call may be known before its peer is. */
  note(entry: Entry): void {
    if (!this.#names(entry)) return
    for (const call of callsOf(entry)) this.#calls.add(call)
    if (entry.ext?.approval !== undefined) this.#approvals.add(entry.ext.approval)
  }

  has(entry: Entry): boolean {
    // Another kernel's part in a call of the same id is not this one's.
    if (entry.peer !== undefined && entry.peer !== this.#peer) return false
    if (this.#names(entry)) return true
    if (entry.call_id !== undefined && this.#calls.has(entry.call_id)) return true
    return APPROVALS.has(entry.type) && this.#approvals.has(entry.ext?.approval ?? '')
  }

  #names({ peer, actor }: Entry): boolean {
    return peer === this.#peer || (peer === undefined && actor?.split('#', 1)[0] === this.#peer)
  }
}

const APPROVALS: ReadonlySet<Entry['type']> = new Set(['approval.requested', 'approval.granted', 'approval.denied'])

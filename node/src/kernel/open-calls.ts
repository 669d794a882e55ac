/**
 * Calls that began and have no outcome entry: after a crash, nobody knows whether they acted. They are closed as
 * `outcome_unknown` before the kernel takes another call, so that every call has exactly one outcome.
 */
import type { Entry, EntryDraft } from '@hansa/protocols'

type Begin = Pick<Entry, 'type' | 'call_id' | 'actor' | 'peer' | 'cap' | 'cap_hash' | 'pol' | 'args_c' | 'intent'>

const BEGINS: ReadonlySet<string> = new Set(['call.begun', 'intent.sent', 'intent.accepted'])

/** The begin entries, as JSON, in their order. */
export type OpenCallsState = [callId: string, begin: Begin][]

export class OpenCalls {
  readonly #open = new Map<string, Begin>()

  state(): OpenCallsState {
    return [...this.#open]
  }

  restore(state: OpenCallsState): void {
    for (const [callId, begin] of state) this.#open.set(callId, begin)
  }

  replay(entry: Entry): void {
    if (entry.call_id === undefined) return
    if (BEGINS.has(entry.type)) {
      const { type, call_id, actor, peer, cap, cap_hash, pol, args_c, intent } = entry
      this.#open.set(
        call_id,
        withoutUndefined({ type, call_id, actor, peer, cap, cap_hash, pol, args_c, intent }) as Begin,
      )
    }
    if (entry.type === 'outcome' || entry.type === 'receipt.received') this.#open.delete(entry.call_id)
  }

  /** The outcome entries to append, in the order in which the calls began. */
  closing(): EntryDraft[] {
    return [...this.#open.values()].map(({ type: _type, ...call }) => ({
      ...call,
      type: 'outcome',
      decision: 'error',
      ext: {
        status: 'outcome_unknown',
        code: 'outcome_unknown',
        stage: 'driver',
        reason: 'the process ended while the call was running',
      },
    }))
  }
}

function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
}

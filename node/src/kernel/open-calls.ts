/**
 * Calls that began and have no outcome entry: after a crash, nobody knows whether they acted. They are closed as
 * `outcome_unknown` before the kernel takes another call, so that every call has exactly one outcome. Likewise a call
 * whose result was awaited when the process ended: whoever asked for it is gone.
 */
import type { Entry, EntryDraft } from '@hansa/protocols'

/** Of the begin entry, or of the receipt whose result is awaited. */
type Begin = Pick<
  Entry,
  'type' | 'call_id' | 'actor' | 'peer' | 'cap' | 'cap_hash' | 'pol' | 'args_c' | 'intent' | 'result_c' | 'receipt'
>

const BEGINS: ReadonlySet<string> = new Set(['call.begun', 'intent.sent', 'intent.accepted'])
const ENDS: ReadonlySet<string> = new Set(['outcome', 'receipt.received', 'result.received', 'result.missing'])

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
    if (ENDS.has(entry.type)) this.#open.delete(entry.call_id)
    if (BEGINS.has(entry.type) || entry.ext?.reveal === 'awaited') this.#open.set(entry.call_id, beginIn(entry))
  }

  /** The entries to append, in the order in which the calls began. */
  closing(): EntryDraft[] {
    return [...this.#open.values()].map(({ type, ...call }) => {
      const awaited = type === 'receipt.received'
      return {
        ...call,
        type: awaited ? 'result.missing' : 'outcome',
        decision: 'error',
        ext: {
          status: awaited ? 'ok' : 'outcome_unknown',
          code: 'outcome_unknown',
          stage: 'driver',
          ...(awaited ? { reveal: 'interrupted' } : {}),
          reason: `the process ended while the ${awaited ? 'result was awaited' : 'call was running'}`,
        },
      }
    })
  }
}

function beginIn({ type, call_id, actor, peer, cap, cap_hash, pol, args_c, intent, result_c, receipt }: Entry): Begin {
  const common = { type, call_id, actor, peer, cap, cap_hash, pol, args_c, intent }
  return withoutUndefined(type === 'receipt.received' ? { ...common, result_c, receipt } : common) as Begin
}

function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
}

/**
 * Which provider asked its caller for something: the answers go there and nowhere else, whatever the caller named and
 * whoever else serves the same.
 */
import { CallError, type CapabilityRef, type Frame } from '@hansa/protocols'

/** The oldest are forgotten; then a call has to name the provider. */
const MAX_ASKED = 4_096

export class AskedBy {
  readonly #calls = new Map<string, { named: string; provider: CapabilityRef }>()

  remember(named: string, { kind, callId, capability: provider }: Frame): void {
    if (kind !== 'input_required') return
    const [oldest] = this.#calls.keys()
    if (this.#calls.size >= MAX_ASKED && oldest !== undefined) this.#calls.delete(oldest)
    this.#calls.set(callId, { named, provider })
  }

  /** @returns what to call with the answers. @throws CallError `not_found` when something else asked for them */
  provider(callId: string, named: string): string {
    const asked = this.#calls.get(callId)
    if (asked === undefined) return named
    if (asked.named === named || asked.provider === named) return asked.provider
    const message = `not_found: Call ${callId} was of ${asked.provider}, and its answers go nowhere else.`
    throw new CallError({ code: 'not_found', stage: 'receive' }, message)
  }
}

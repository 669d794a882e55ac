/**
 * Calls that wait for answers of an MCP client, by the `requestState` that it was given: a random name without a meaning.
 * Whoever shows it has to be who was given it, in the same method; it is forgotten after ten minutes, as the call is in
 * the kernel that serves it. What the call needs to go on is not here.
 */
import { randomBytes } from 'node:crypto'
import type { Clock, InputRequests } from '@hansa/protocols'

/** Milliseconds; as long as the kernel keeps the call. */
const LIFE_MS = 600_000
const MAX_OF_OWNER = 64
const MAX_PENDING = 4_096

export type PendingInput = {
  owner: string
  method: string
  /** Hash of who called what, with which arguments. */
  action: string
  /** Of the call that asked. */
  callId: string
  requests: InputRequests
}

export class PendingInputs {
  readonly #clock: Pick<Clock, 'now'>
  /** The oldest first. */
  readonly #pending = new Map<string, PendingInput & { untilMs: number }>()

  constructor({ clock }: { clock: Pick<Clock, 'now'> }) {
    this.#clock = clock
  }

  /** @returns the state that the client is to repeat. Of too many that wait, the oldest of the same owner is forgotten. */
  keep(input: PendingInput): string {
    const own = [...this.#pending].filter(([, { owner }]) => owner === input.owner)
    if (own.length >= MAX_OF_OWNER) this.#pending.delete(own[0]?.[0] ?? '')
    if (this.#pending.size >= MAX_PENDING) this.#pending.delete(this.#pending.keys().next().value ?? '')
    const state = randomBytes(16).toString('base64url')
    this.#pending.set(state, { ...input, untilMs: this.#clock.now() + LIFE_MS })
    return state
  }

  /** @returns undefined for a state that was never given, not to this owner, not for this method, or too long ago. */
  find(state: string, owner: string, method: string): PendingInput | undefined {
    const found = this.#pending.get(state)
    if (found === undefined || found.owner !== owner || found.method !== method) return undefined
    if (this.#clock.now() < found.untilMs) return found
    this.#pending.delete(state)
    return undefined
  }

  forget(callId: string): void {
    for (const [state, pending] of this.#pending) if (pending.callId === callId) this.#pending.delete(state)
  }
}

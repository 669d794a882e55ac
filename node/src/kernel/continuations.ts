/**
 * Calls that wait for answers of their callers. What they need to go on stays here: whoever continues one has to be who
 * made it, for the same capability and with the same arguments, once, and in time (MCP 2026-07-28 demands the same of a
 * `requestState`, which a client could alter; here it never leaves).
 */
import type { Clock } from '@hansa/protocols'
import { canonicalJson, taggedHash } from '@hansa/trust'
import type { Caller, LocalTarget } from './stages.ts'
import { doneBy } from './stands-for.ts'

/** Milliseconds for which a call waits. */
export const CONTINUATION_LIFE_MS = 600_000
/** Calls that wait at the same time, of one caller and of all. */
const MAX_OF_CALLER = 64
const MAX_WAITING = 4_096

export type WaitingCall = {
  callId: string
  caller: Caller
  target: LocalTarget
  /** JSON value. */
  args: unknown
}

type Waiting = { caller: string; action: string; state: unknown; end(): void }

export class Continuations {
  readonly #clock: Clock
  readonly #waiting = new Map<string, Waiting>()
  readonly #ofCaller = new Map<string, number>()

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.size
  }

  /** @param abandon called when nobody continues the call. @returns why it cannot wait. */
  keep(call: WaitingCall, { state, abandon }: { state: unknown; abandon?(): void }): string | undefined {
    const caller = callerOf(call)
    const mine = this.#ofCaller.get(caller) ?? 0
    if (mine >= MAX_OF_CALLER) return `${mine} calls of this caller wait for its answers`
    if (this.#waiting.size >= MAX_WAITING) return 'too many calls wait for answers'
    this.#ofCaller.set(caller, mine + 1)
    const stop = this.#clock.after(CONTINUATION_LIFE_MS, () => {
      this.#forget(call.callId)
      abandon?.()
    })
    this.#waiting.set(call.callId, { caller, action: actionOf(call), state, end: stop })
    return undefined
  }

  /** @returns what the call before this one left, once; undefined where there is none for exactly this caller and action. */
  take(callId: string, call: WaitingCall): { state: unknown } | undefined {
    const waiting = this.#waiting.get(callId)
    if (waiting === undefined || waiting.caller !== callerOf(call) || waiting.action !== actionOf(call))
      return undefined
    this.#forget(callId)
    return { state: waiting.state }
  }

  #forget(callId: string): void {
    const waiting = this.#waiting.get(callId)
    if (waiting === undefined) return
    waiting.end()
    this.#waiting.delete(callId)
    const left = (this.#ofCaller.get(waiting.caller) ?? 1) - 1
    if (left > 0) this.#ofCaller.set(waiting.caller, left)
    else this.#ofCaller.delete(waiting.caller)
  }
}

/** The pseudonym of a peer's principal names the peer too. */
function callerOf({ caller }: WaitingCall): string {
  return caller.kind === 'peer' ? caller.principal : doneBy(caller)
}

function actionOf({ target, args }: WaitingCall): string {
  return taggedHash('continued-action', Buffer.from(canonicalJson([target.ref, target.hash, args])))
}

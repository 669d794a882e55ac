/**
 * Calls that wait for answers of their callers. What they need to go on stays here: whoever continues one has to be who
 * made it, for the same capability and with the same arguments, once, and in time (MCP 2026-07-28 demands the same of a
 * `requestState`, which a client could alter; here it never leaves).
 */
import type { Clock, Label } from '@hansa/protocols'
import { canonicalJson, taggedHash } from '@hansa/trust'
import type { CallDelegation, Caller, LocalTarget } from './stages.ts'
import { actsFor, doneBy } from './stands-for.ts'

/** Milliseconds for which a call waits. */
export const CONTINUATION_LIFE_MS = 600_000
/** Calls that wait at the same time: of one caller, of one other kernel with all whom it names, and of all. */
const MAX_OF_CALLER = 64
const MAX_OF_PEER = 256
const MAX_WAITING = 4_096
/** What other kernels cannot fill. */
const RESERVED = 1_024

export type WaitingCall = {
  callId: string
  caller: Caller
  /** The chain under which it is made. */
  delegation?: Pick<CallDelegation, 'links'>
  target: LocalTarget
  /** JSON value. */
  args: unknown
  /** Of the arguments. */
  labels: readonly Label[]
}

type Waiting = {
  shares: readonly string[]
  caller: string
  action: string
  labels: readonly Label[]
  state: unknown
  end(): void
  abandon(): void
}

export class Continuations {
  readonly #clock: Clock
  readonly #waiting = new Map<string, Waiting>()
  /** How many wait, by whose share they take. */
  readonly #taken = new Map<string, number>()

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.size
  }

  /** @param abandon called when nobody continues the call. @returns why it cannot wait. */
  keep(call: WaitingCall, { state, abandon }: { state: unknown; abandon?(): void }): string | undefined {
    const full = this.#fullFor(call)
    if (full !== undefined) return full
    const shares = sharesOf(call)
    for (const share of shares) this.#taken.set(share, (this.#taken.get(share) ?? 0) + 1)
    const end = this.#clock.after(CONTINUATION_LIFE_MS, () => this.drop(call.callId))
    const { callId, labels } = call
    const bound = { caller: callerOf(call), action: actionOf(call), labels }
    this.#waiting.set(callId, { ...bound, shares, state, end, abandon: () => abandon?.() })
    return undefined
  }

  /** Nobody continues the call: what it holds open is let go. */
  drop(callId: string): void {
    const waiting = this.#waiting.get(callId)
    this.#forget(callId)
    waiting?.abandon()
  }

  #fullFor(call: WaitingCall): string | undefined {
    if (this.#waiting.has(call.callId)) return 'another call of this id waits'
    const ofCaller = this.#taken.get(callerOf(call)) ?? 0
    if (ofCaller >= MAX_OF_CALLER) return `${ofCaller} calls of this caller wait for its answers`
    const { caller } = call
    const isPeer = caller.kind === 'peer'
    if (isPeer && (this.#taken.get(caller.did) ?? 0) >= MAX_OF_PEER)
      return 'too many calls of this kernel wait for answers'
    const room = isPeer ? MAX_WAITING - RESERVED : MAX_WAITING
    return this.#waiting.size >= room ? 'too many calls wait for answers' : undefined
  }

  /** @returns what the call before this one left, once; undefined where there is none for exactly this caller and action. */
  take(callId: string, call: WaitingCall): { state: unknown } | undefined {
    const waiting = this.#waiting.get(callId)
    if (waiting === undefined || waiting.caller !== callerOf(call) || waiting.action !== actionOf(call))
      return undefined
    // What the first call is known to hold is in what it left, whatever the second one says.
    if (!waiting.labels.every((label) => call.labels.includes(label))) return undefined
    this.#forget(callId)
    return { state: waiting.state }
  }

  #forget(callId: string): void {
    const waiting = this.#waiting.get(callId)
    if (waiting === undefined) return
    waiting.end()
    this.#waiting.delete(callId)
    for (const share of waiting.shares) {
      const left = (this.#taken.get(share) ?? 1) - 1
      if (left > 0) this.#taken.set(share, left)
      else this.#taken.delete(share)
    }
  }
}

/** Who calls, for whom, and by whose leave. */
function callerOf({ caller, delegation }: WaitingCall): string {
  const { principal } = caller
  const onBehalfOf = actsFor(caller)
  const lender = delegation?.links[0]?.iss
  return JSON.stringify([caller.kind, doneBy({ principal, onBehalfOf }), ...(lender === undefined ? [] : [lender])])
}

/** A peer chooses the pseudonyms of its principals. */
function sharesOf(call: WaitingCall): string[] {
  return call.caller.kind === 'peer' ? [callerOf(call), call.caller.did] : [callerOf(call)]
}

function actionOf({ target, args }: WaitingCall): string {
  return taggedHash('continued-action', Buffer.from(canonicalJson([target.ref, target.hash, args])))
}

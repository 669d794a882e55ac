/**
 * Calls that carry an idempotency key act once. Scope: who asks, capability, key. The same key with the same arguments
 * within 24 hours gives the stored result; with other arguments it is an error (wire.md).
 *
 * What began and how it ended is a projection of the ledger. Only the result bytes are kept besides, in the store, and
 * written before the outcome entry; they are the released bytes, so they have passed the firewall.
 */
import type { Clock, Entry, Store, StoreChange } from '@hansa/protocols'
import { decodeBase64url, encodeBase64url, taggedHash } from '@hansa/trust'
import type { ResultKind } from './stages.ts'

/** Milliseconds for which a key is remembered: a day. */
const LIFE_MS = 86_400_000
const NAMESPACE = 'results'

type Held = {
  callId: string
  argsCommitment: string
  sinceMs: number
  state: 'running' | 'done' | 'unknown'
  /** The call whose key was taken over: what is known of it stands when the new one comes to nothing. */
  before?: Held
}
/** What is known of keys, as JSON, in the order of their beginning. */
export type IdempotencyState = [scope: string, held: Held][]
export type StoredResult = { kind: ResultKind; bytes: Uint8Array }

export type Claim =
  | { state: 'new' }
  | { state: 'other_arguments' }
  | { state: 'running' | 'done' | 'unknown'; callId: string }

export class Idempotency {
  readonly #held = new Map<string, Held>()
  readonly #byCall = new Map<string, string>()
  /** Calls that run and whose result is in the store already. */
  readonly #kept = new Set<string>()
  readonly #clock: Clock
  readonly #store: Store

  constructor(components: { clock: Clock; store: Store }) {
    this.#clock = components.clock
    this.#store = components.store
  }

  static scopeOf(issuer: string, capability: string, key: string): string {
    return taggedHash('idempotency', `${issuer}\n${capability}\n${key}`)
  }

  /**
   * Takes the key for a call, in one step, so that two at once cannot both be the first. A `new` claim ends with `end`.
   * One that has ended can be taken over when the capability is idempotent.
   */
  claim(scope: string, callId: string, argsCommitment: string): Claim {
    const nowMs = this.#clock.now()
    const held = this.#held.get(scope)
    if (held === undefined || nowMs - held.sinceMs >= LIFE_MS) {
      this.begin(scope, callId, argsCommitment, nowMs)
      return { state: 'new' }
    }
    if (held.argsCommitment !== argsCommitment) return { state: 'other_arguments' }
    return { state: held.state, callId: held.callId }
  }

  /**
   * Takes the key from a call that ended without a result to give: its outcome is not known, or the result is lost.
   * @returns whether it was still that call's; of two at once, one gets it.
   */
  takeOver(scope: string, from: string, callId: string, argsCommitment: string): boolean {
    const held = this.#held.get(scope)
    if (held?.callId !== from || held.state === 'running') return false
    this.begin(scope, callId, argsCommitment, this.#clock.now())
    return true
  }

  begin(scope: string, callId: string, argsCommitment: string, nowMs: number): void {
    this.#forgetOld(nowMs)
    const known = this.#held.get(scope)
    const before = known?.state === 'running' ? undefined : known
    this.#held.delete(scope)
    this.#held.set(scope, {
      callId,
      argsCommitment,
      sinceMs: nowMs,
      state: 'running',
      ...(before === undefined ? {} : { before }),
    })
    this.#byCall.set(callId, scope)
  }

  /** What the call released; undefined when the store does not have it. */
  async result(scope: string, callId: string): Promise<StoredResult | undefined> {
    const text = await this.#store.get(NAMESPACE, scope)
    if (text === undefined) return undefined
    const record = JSON.parse(text) as { callId: string; kind: ResultKind; bytes: string }
    const bytes = decodeBase64url(record.bytes)
    return record.callId === callId && bytes !== undefined ? { kind: record.kind, bytes } : undefined
  }

  /** Keeps a result; called before the outcome entry is written. */
  async keep(scope: string, callId: string, result: StoredResult): Promise<void> {
    const record = { callId, kind: result.kind, bytes: encodeBase64url(result.bytes) }
    this.#kept.add(callId)
    await this.#store.set(NAMESPACE, scope, JSON.stringify(record))
  }

  /**
   * Takes the stored results of these calls out of the store; a repetition then finds that its result is lost. Also of
   * those whose outcome is not known: a result is kept before the log tells of it.
   */
  async resultsOf(calls: ReadonlySet<string>): Promise<StoreChange[]> {
    const found: StoreChange[] = []
    for (const [key, { callId, before }] of this.#held) {
      const known = [callId, before?.callId].find((id) => id !== undefined && calls.has(id))
      if (known !== undefined && (await this.result(key, known)) !== undefined)
        found.push({ namespace: NAMESPACE, key })
    }
    return found
  }

  /** @param outcome `none` forgets the key: nothing happened, so it may be tried again. */
  end(callId: string, outcome: 'done' | 'unknown' | 'none'): void {
    const scope = this.#byCall.get(callId)
    if (scope === undefined) return
    this.#byCall.delete(callId)
    const kept = this.#kept.delete(callId)
    const held = this.#held.get(scope)
    if (held?.callId !== callId) return
    // Nobody finds it any more by its key, so nobody could erase it.
    if (kept && outcome === 'none') this.#store.delete(NAMESPACE, scope).catch(() => {})
    if (outcome !== 'none') {
      held.state = outcome
      delete held.before
    } else if (held.before === undefined) this.#held.delete(scope)
    else this.#held.set(scope, held.before)
  }

  state(): IdempotencyState {
    return structuredClone([...this.#held])
  }

  restore(state: IdempotencyState): void {
    for (const [scope, held] of structuredClone(state)) {
      this.#held.set(scope, held)
      if (held.state === 'running') this.#byCall.set(held.callId, scope)
    }
  }

  replay(entry: Entry): void {
    if (entry.call_id === undefined) return
    const scope = entry.ext?.idem
    const begins = entry.type === 'call.begun' || entry.type === 'intent.accepted'
    if (begins && scope !== undefined && entry.args_c !== undefined && entry.ext?.retry_of === undefined) {
      this.begin(scope, entry.call_id, entry.args_c, entry.t_ms)
    }
    if (entry.type === 'outcome') {
      const status = entry.ext?.status
      this.end(entry.call_id, status === 'ok' ? 'done' : status === 'outcome_unknown' ? 'unknown' : 'none')
    }
  }

  /** Keys are in order of their beginning, so the old ones are at the front. */
  #forgetOld(nowMs: number): void {
    for (const [scope, held] of this.#held) {
      if (nowMs - held.sinceMs < LIFE_MS) break
      this.#held.delete(scope)
      this.#byCall.delete(held.callId)
      // What stays behind names another call, so it is never taken for a result.
      this.#store.delete(NAMESPACE, scope).catch(() => {})
    }
  }
}

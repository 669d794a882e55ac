/**
 * Calls that carry an idempotency key act once. Scope: who asks, capability, key. The same key with the same arguments
 * within 24 hours gives the stored result; with other arguments it is an error (wire.md).
 *
 * What began and how it ended is a projection of the ledger: of calls that run and that ended lately in memory, of all
 * others on the disk. Only the result bytes are kept besides, in the store, and written before the outcome entry; they are
 * the released bytes, so they have passed the firewall.
 */
import type { Clock, Entry, Store, StoreChange } from '@hansa/protocols'
import { decodeBase64url, encodeBase64url, taggedHash } from '@hansa/trust'
import { memorySettledKeys, type SettledKey, type SettledKeys } from './settled-keys.ts'
import type { ResultKind } from './stages.ts'

/** Milliseconds for which a key is remembered: a day. */
const LIFE_MS = 86_400_000
const NAMESPACE = 'results'

/** Of the keys on the disk, so many old ones are forgotten at a time. */
const FORGOTTEN_AT_A_TIME = 256

type Running = { callId: string; argsCommitment: string; sinceMs: number }
/** The keys of calls that run, as JSON. */
export type IdempotencyState = [scope: string, running: Running][]
export type StoredResult = { kind: ResultKind; bytes: Uint8Array }

export type Claim =
  | { state: 'new' }
  | { state: 'other_arguments' }
  | { state: 'running' | 'done' | 'unknown'; callId: string }

export class Idempotency {
  readonly #running = new Map<string, Running>()
  /** Keys of calls that ended since the last resume point, about in the order of their beginning. */
  readonly #ended = new Map<string, SettledKey>()
  readonly #settled: SettledKeys
  /** Rises whenever keys go from `#ended` to the disk. */
  #moves = 0
  readonly #byCall = new Map<string, string>()
  /** Calls that run and whose result is in the store already. */
  readonly #kept = new Set<string>()
  readonly #clock: Clock
  readonly #store: Store

  /** @param components `settled` by default in memory */
  constructor(components: { clock: Clock; store: Store; settled?: SettledKeys | undefined }) {
    this.#clock = components.clock
    this.#store = components.store
    this.#settled = components.settled ?? memorySettledKeys()
  }

  static scopeOf(issuer: string, capability: string, key: string): string {
    return taggedHash('idempotency', `${issuer}\n${capability}\n${key}`)
  }

  /**
   * Takes the key for a call, in one step, so that two at once cannot both be the first. A `new` claim ends with `end`.
   * One that has ended can be taken over when the capability is idempotent. Rejects when the disk does not answer.
   */
  claim(scope: string, callId: string, argsCommitment: string): Promise<Claim> {
    return this.#decide(scope, (known) => {
      const nowMs = this.#clock.now()
      if (known === undefined || nowMs - known.sinceMs >= LIFE_MS) {
        this.begin(scope, callId, argsCommitment, nowMs)
        return { state: 'new' }
      }
      if (known.argsCommitment !== argsCommitment) return { state: 'other_arguments' }
      return { state: 'state' in known ? known.state : 'running', callId: known.callId }
    })
  }

  /**
   * Takes the key from a call that ended without a result to give: its outcome is not known, or the result is lost.
   * @returns whether it was still that call's; of two at once, one gets it.
   */
  takeOver(scope: string, from: string, callId: string, argsCommitment: string): Promise<boolean> {
    return this.#decide(scope, (known) => {
      if (known?.callId !== from || !('state' in known)) return false
      this.begin(scope, callId, argsCommitment, this.#clock.now())
      return true
    })
  }

  /** What is known of the key stands until the call ends, and still stands when that comes to nothing. */
  begin(scope: string, callId: string, argsCommitment: string, nowMs: number): void {
    this.#forgetOld(nowMs)
    this.#running.set(scope, { callId, argsCommitment, sinceMs: nowMs })
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
    const found = new Set<string>()
    // Keys go from memory to the disk and never back, so none is missed in between.
    const inMemory = [...this.#running, ...this.#ended].map(([scope, { callId }]) => ({ scope, callId }))
    for (const { scope, callId } of [...inMemory, ...(await this.#settled.ofCalls(calls))]) {
      if (calls.has(callId) && !found.has(scope) && (await this.result(scope, callId)) !== undefined) found.add(scope)
    }
    return [...found].map((key) => ({ namespace: NAMESPACE, key }))
  }

  /** @param outcome `none` forgets the call: nothing happened, so it may be tried again. */
  end(callId: string, outcome: 'done' | 'unknown' | 'none'): void {
    const scope = this.#byCall.get(callId)
    if (scope === undefined) return
    this.#byCall.delete(callId)
    const kept = this.#kept.delete(callId)
    const running = this.#running.get(scope)
    if (running?.callId !== callId) return
    this.#running.delete(scope)
    if (outcome !== 'none') {
      this.#ended.delete(scope)
      this.#ended.set(scope, { scope, ...running, state: outcome })
    } else if (kept) {
      // Nobody finds it any more by its key, so nobody could erase it.
      this.#store.delete(NAMESPACE, scope).catch(() => {})
    }
  }

  /** Of calls that run. Those that ended are `ended`, and belong on the disk before anything relies on this. */
  state(): IdempotencyState {
    return structuredClone([...this.#running])
  }

  /** Keys of calls that ended since the state that was restored. */
  ended(): SettledKey[] {
    return [...this.#ended.values()]
  }

  restore(state: IdempotencyState): void {
    for (const [scope, running] of structuredClone(state)) {
      this.#running.set(scope, running)
      this.#byCall.set(running.callId, scope)
    }
  }

  /** Puts on the disk what the log says of these keys, and no longer holds them in memory. */
  async settle(keys: readonly SettledKey[]): Promise<void> {
    await this.#settled.add(keys)
    for (const { scope, callId } of keys) if (this.#ended.get(scope)?.callId === callId) this.#ended.delete(scope)
    this.#moves++
  }

  /** Forgets some keys on the disk that are older than a day, after their results. @returns whether there may be more */
  async forgetSettled(): Promise<boolean> {
    const old = await this.#settled.before(this.#clock.now() - LIFE_MS + 1, FORGOTTEN_AT_A_TIME)
    const forgotten: SettledKey[] = []
    for (const key of old) {
      // A call that has the key now keeps its result in the same place, and may come to nothing: later, then.
      if (this.#running.has(key.scope) || this.#ended.has(key.scope)) continue
      await this.#store.delete(NAMESPACE, key.scope)
      forgotten.push(key)
    }
    await this.#settled.forget(forgotten)
    return forgotten.length === FORGOTTEN_AT_A_TIME
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

  /** Nothing else happens in the kernel between what is known of the key and the decision. */
  async #decide<Decision>(
    scope: string,
    decision: (known: Running | SettledKey | undefined) => Decision,
  ): Promise<Decision> {
    const inMemory = () => this.#running.get(scope) ?? this.#ended.get(scope)
    for (;;) {
      const moves = this.#moves
      const onDisk = inMemory() === undefined ? await this.#settled.find(scope) : undefined
      // What was moved meanwhile may have been in neither place when it was looked for.
      if (moves === this.#moves) return decision(inMemory() ?? onDisk)
    }
  }

  #forgetOld(nowMs: number): void {
    for (const keys of [this.#running, this.#ended]) {
      for (const [scope, { callId, sinceMs }] of keys) {
        if (nowMs - sinceMs < LIFE_MS) break
        // Another call has taken it over, and keeps its result in the same place.
        if (keys === this.#ended && this.#running.has(scope)) continue
        keys.delete(scope)
        this.#byCall.delete(callId)
        // What stays behind names another call, so it is never taken for a result.
        this.#store.delete(NAMESPACE, scope).catch(() => {})
      }
    }
  }
}

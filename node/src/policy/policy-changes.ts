/**
 * Puts policies in force. Where two persons are needed (security.md B12), one that may permit more than the policy in force
 * waits until two persons have stood up for exactly this one; whatever permits no more is in force at once. Each change is
 * kept in one transaction with its entries, and what was in force is remembered, so that a restart changes nothing.
 */
import { inTurn } from '@hansa/mesh'
import {
  type ApprovePolicy,
  CallError,
  type Clock,
  type EntryDraft,
  type EventLogger,
  type PendingPolicy,
  type PendingPolicyAnswer,
  POLICY_PERSONS,
  type PolicyChangesOperator,
  type RejectPolicy,
  type Store,
  type StoreChange,
} from '@hansa/protocols'
import { type CompiledPolicy, canonicalJson, type PolicySource, taggedHash, whyPolicyWider } from '@hansa/trust'
import { isSecondPerson } from '@hansa/trust/governance'
import type { Events } from '../kernel/event-outbox.ts'
import { compileOrThrow, type PolicyHolder } from '../kernel/policy-holder.ts'
import {
  inForceChange,
  type RememberedPolicy,
  rememberedPolicy,
  type WaitingPolicy,
  waitingChange,
} from './policy-record.ts'

/** Sentences that are kept of what is wider. */
const MAX_WIDER = 100

export type PolicyChangesInit = {
  store: Store
  sources: readonly PolicySource[]
  /** Whether the configuration says that two persons are needed. */
  twoPersons: boolean
}

export type PolicyChangesComponents = {
  clock: Clock
  logger: EventLogger
  events: Pick<Events, 'row' | 'drain'>
  holder: PolicyHolder
}

/** What became of a policy that was loaded. */
export type LoadedPolicy = { inForce: true } | { inForce: false; pending: PendingPolicy }

export class PolicyChanges implements PolicyChangesOperator {
  readonly #init: PolicyChangesInit
  readonly #remembered: RememberedPolicy | undefined
  readonly #given: CompiledPolicy
  readonly #inTurn = inTurn()
  #waiting: WaitingPolicy | undefined
  #needed: boolean
  #parts: PolicyChangesComponents | undefined

  /**
   * Reads what was in force; `start` comes when the log takes entries.
   * @throws CallError `invalid_request` with every fault of the policy; Error when what is remembered cannot be read
   */
  static async open(init: PolicyChangesInit): Promise<PolicyChanges> {
    const given = compileOrThrow(init.sources)
    return new PolicyChanges(init, given, await rememberedPolicy(init.store))
  }

  private constructor(init: PolicyChangesInit, given: CompiledPolicy, remembered: RememberedPolicy | undefined) {
    this.#init = init
    this.#given = given
    this.#remembered = remembered
    this.#waiting = remembered?.waiting
    // Once it was needed, the configuration alone does not take it away.
    this.#needed = init.twoPersons || remembered !== undefined
  }

  /** What a start begins with: what was given, or what was in force where that permits less. */
  get first(): CompiledPolicy {
    const remembered = this.#remembered
    if (remembered === undefined) return this.#given
    return this.#whyWider(remembered.policy, this.#given).length === 0 ? this.#given : remembered.policy
  }

  /** Records what is in force now, and what waits. */
  async start(parts: PolicyChangesComponents): Promise<void> {
    this.#parts = parts
    const { holder } = parts
    const remembered = this.#remembered
    const kept = remembered !== undefined && holder.current === remembered.policy
    const sources = kept ? remembered.sources : this.#init.sources
    await this.#commit([holder.entry(holder.current, holder.version)], this.#needed ? [inForceChange(sources)] : [])
    if (remembered === undefined) return
    if (kept && this.#given.hash !== remembered.policy.hash) await this.load(this.#init.sources)
    else if (this.#off) await this.load(this.#init.sources)
    else if (this.#waiting !== undefined) await this.#drop('the policy files say something else')
  }

  /**
   * @param by who wants it, and so is the first of the two @default nobody is known
   * @throws CallError `invalid_request` that names every fault; the policy in force stays
   */
  load(sources: readonly PolicySource[], by?: string): Promise<LoadedPolicy> {
    const policy = compileOrThrow(sources)
    return this.#inTurn(async () => {
      const wider = this.#needed ? this.#whyWider(this.#started.holder.current, policy) : []
      if (wider.length > 0) return this.#wait(sources, policy, wider, by)
      await this.#put(sources, policy, [])
      return { inForce: true }
    })
  }

  async pending(): Promise<PendingPolicyAnswer> {
    return { twoPersons: this.#needed, pending: this.#waiting?.shown ?? null }
  }

  approve({ id, by }: ApprovePolicy): Promise<PendingPolicyAnswer> {
    return this.#inTurn(async () => {
      const waiting = this.#named(id)
      if (waiting.shown.state === 'rejected') throw invalid('it was rejected; load it again with: hansa policy reload')
      const approved = this.#approvedBy(waiting, by)
      if (approved === undefined) throw denied(`${by} has approved it already; another person has to approve it too`)
      await this.#settle(approved, by)
      return this.pending()
    })
  }

  reject({ id, by, reason = '' }: RejectPolicy): Promise<PendingPolicyAnswer> {
    return this.#inTurn(async () => {
      const { shown, sources } = this.#named(id)
      const rejected: PendingPolicy = { ...shown, state: 'rejected', rejected: { by, at: this.#now, reason } }
      const entry: EntryDraft = { type: 'policy.rejected', actor: by, ext: { hash: shown.id, reason } }
      await this.#keep({ sources, shown: rejected }, [entry])
      return this.pending()
    })
  }

  /** Whether the configuration no longer says that two persons are needed, and they still are. */
  get #off(): boolean {
    return this.#needed && !this.#init.twoPersons
  }

  #whyWider(before: CompiledPolicy, after: CompiledPolicy): string[] {
    const off = this.#off
      ? ['hansa.yaml no longer says policy_changes.two_persons: one person would be enough from then on']
      : []
    return [...off, ...(before.hash === after.hash ? [] : whyPolicyWider(before.rules, after.rules))]
  }

  /** Waits, or goes on waiting: the same policy keeps who has approved it. */
  async #wait(
    sources: readonly PolicySource[],
    policy: CompiledPolicy,
    wider: readonly string[],
    by: string | undefined,
  ): Promise<LoadedPolicy> {
    const off = this.#off
    const id = taggedHash('policy-change', canonicalJson([policy.hash, off]))
    const known = this.#waiting?.shown.id === id ? this.#waiting : undefined
    // What was rejected waits again only when a person says so.
    const rests = known !== undefined && (known.shown.state === 'waits' || by === undefined)
    const shown: PendingPolicy = {
      ...{ id, state: 'waits', rules: policy.rules.length, off, wider: wider.slice(0, MAX_WIDER), since: this.#now },
      approvals: [],
    }
    const waiting = rests ? known : { sources, shown }
    if (!rests) {
      if (known === undefined && this.#waiting?.shown.state === 'waits')
        await this.#drop('another one has taken its place')
      await this.#keep(waiting, [
        { type: 'policy.pending', ...actorOf(by), ext: { hash: id, count: policy.rules.length } },
      ])
      this.#started.logger.warn('policy.pending', { rules: policy.rules.length, reason: wider[0] ?? '' })
    }
    const approved = by === undefined || waiting.shown.state === 'rejected' ? undefined : this.#approvedBy(waiting, by)
    if (approved !== undefined && by !== undefined && (await this.#settle(approved, by))) return { inForce: true }
    return { inForce: false, pending: (this.#waiting ?? waiting).shown }
  }

  /** @returns undefined when the same person has approved it before. */
  #approvedBy({ sources, shown }: WaitingPolicy, by: string): WaitingPolicy | undefined {
    const same = shown.approvals.some((one) => !isSecondPerson(one.by, by).ok)
    return same ? undefined : { sources, shown: { ...shown, approvals: [...shown.approvals, { by, at: this.#now }] } }
  }

  /** @returns whether it is in force now. */
  async #settle(waiting: WaitingPolicy, by: string): Promise<boolean> {
    const { id, approvals, off } = waiting.shown
    const entry: EntryDraft = { type: 'policy.approved', actor: by, ext: { hash: id } }
    if (approvals.length < POLICY_PERSONS) {
      await this.#keep(waiting, [entry])
      return false
    }
    await this.#put(waiting.sources, compileOrThrow(waiting.sources), [entry], off)
    return true
  }

  async #put(
    sources: readonly PolicySource[],
    policy: CompiledPolicy,
    entries: readonly EntryDraft[],
    off = false,
  ): Promise<void> {
    const { holder } = this.#started
    if (entries.length === 0 && this.#waiting?.shown.state === 'waits') await this.#drop('another policy was loaded')
    const loaded = holder.entry(policy, holder.version + 1)
    const changes = this.#needed ? [inForceChange(off ? undefined : sources), waitingChange(undefined)] : []
    await this.#commit([...entries, loaded], changes)
    holder.put(policy)
    this.#waiting = undefined
    if (off) this.#needed = false
  }

  #drop(reason: string): Promise<void> {
    const { shown } = this.#waiting ?? {}
    if (shown?.state !== 'waits') return this.#keep(undefined, [])
    return this.#keep(undefined, [{ type: 'policy.rejected', ext: { hash: shown.id, reason } }])
  }

  async #keep(waiting: WaitingPolicy | undefined, entries: readonly EntryDraft[]): Promise<void> {
    await this.#commit(entries, [waitingChange(waiting)])
    this.#waiting = waiting
  }

  async #commit(entries: readonly EntryDraft[], changes: readonly StoreChange[]): Promise<void> {
    const { events } = this.#started
    await this.#init.store.apply([...changes, ...entries.map((draft) => events.row(draft))])
    await events.drain()
  }

  #named(id: string): WaitingPolicy {
    const waiting = this.#waiting
    if (waiting?.shown.id.startsWith(id) === true) return waiting
    throw new CallError({ code: 'not_found' }, `not_found: No policy ${id} waits. See what does: hansa policy pending`)
  }

  get #started(): PolicyChangesComponents {
    if (this.#parts === undefined) throw new Error('a policy is changed before the log is open')
    return this.#parts
  }

  get #now(): number {
    return Math.floor(this.#started.clock.now() / 1000)
  }
}

function actorOf(by: string | undefined): Pick<EntryDraft, 'actor'> {
  return by === undefined ? {} : { actor: by }
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}

function denied(what: string): CallError {
  return new CallError({ code: 'policy_denied' }, `policy_denied: ${what}.`)
}

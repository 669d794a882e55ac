/** Everything that a kernel remembers of its calls, rebuilt from the ledger entry by entry when it starts. */
import type { Clock, Entry, EntryDraft, Store } from '@hansa/protocols'
import { type RateState, RateWindow } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'
import { EvidenceLog, type EvidenceLogState } from '@hansa/trust/score'
import { agreedWindow } from '../agreement/agreed-window.ts'
import { Budgets, type BudgetsState } from '../delegation/budgets.ts'
import { AckOutbox, type AckOutboxComponents, type AckOutboxState } from '../exchange/ack-outbox.ts'
import { OpenAcks, type OpenAcksState } from '../exchange/open-acks.ts'
import { PromiseBook, type PromiseBookState } from '../exchange/promise-book.ts'
import { type LoggedSanction, SanctionLog } from '../governance/sanction-log.ts'
import { dailyWindow } from '../standing/tier-gate.ts'
import type { ApprovalArguments } from './approval-arguments.ts'
import { ApprovalBook, type ApprovalBookState } from './approvals.ts'
import { CallIds, type CallIdsState } from './call-ids.ts'
import { Idempotency, type IdempotencyState } from './idempotency.ts'
import { OpenCalls, type OpenCallsState } from './open-calls.ts'
import type { ReplayFacts } from './replay-facts.ts'
import { RestoreDoubt } from './restore-doubt.ts'
import type { SettledKeys } from './settled-keys.ts'
import { TokenUses, type TokenUsesState } from './token-uses.ts'

export type ProjectionComponents = {
  clock: Clock
  store: Store
  /** @default in memory */
  settledKeys?: SettledKeys | undefined
  args: ApprovalArguments
  append(draft: EntryDraft): Appended
  outbox: Omit<AckOutboxComponents, 'append' | 'clock'>
  facts: ReplayFacts
  /** A whole number from 0 to below `limit`. @default by chance */
  random?(limit: number): number
}

/** All of it, as JSON. */
export type ProjectionsState = {
  approvals: ApprovalBookState
  uses: TokenUsesState
  budgets: BudgetsState
  idempotency: IdempotencyState
  openCalls: OpenCallsState
  callIds: CallIdsState
  openAcks: OpenAcksState
  outbox: AckOutboxState
  promises: PromiseBookState
  rates: RateState
  sanctions: LoggedSanction[]
  evidence: EvidenceLogState
  doubtUntilMs: number
  policyVersion: number
}

export class Projections {
  readonly approvals: ApprovalBook
  readonly uses = new TokenUses()
  readonly budgets = new Budgets()
  readonly idempotency: Idempotency
  readonly openCalls = new OpenCalls()
  readonly callIds = new CallIds()
  readonly openAcks = new OpenAcks()
  readonly outbox: AckOutbox
  readonly promises: PromiseBook
  readonly rates = new RateWindow()
  readonly doubt = new RestoreDoubt()
  readonly sanctions = new SanctionLog()
  /** What the log says about peers. */
  readonly evidence = new EvidenceLog()
  readonly #ruleWindow: (rule: string) => number | undefined
  #policyVersion = 0

  constructor({ clock, store, settledKeys, args, append, outbox, facts, random }: ProjectionComponents) {
    this.approvals = new ApprovalBook({ clock, append, args })
    this.idempotency = new Idempotency({ clock, store, settled: settledKeys })
    this.promises = new PromiseBook({ reads: facts.reads, ...(random === undefined ? {} : { random }) })
    this.outbox = new AckOutbox({ ...outbox, clock, append })
    this.#ruleWindow = facts.ruleWindow
  }

  /** Version of the policy in force, from the entries that loaded one. */
  get policyVersion(): number {
    return this.#policyVersion
  }

  replay(entry: Entry): void {
    this.approvals.replay(entry)
    this.uses.replay(entry)
    this.budgets.replay(entry)
    this.idempotency.replay(entry)
    this.openCalls.replay(entry)
    this.callIds.replay(entry)
    this.openAcks.replay(entry)
    this.outbox.replay(entry)
    this.promises.replay(entry)
    this.doubt.replay(entry)
    this.sanctions.replay(entry)
    this.evidence.take(entry)
    if (BEGINS.has(entry.type) || wasRefusedBetween(entry)) this.#replayRates(entry)
    if (entry.type === 'policy.loaded' && entry.pol !== undefined) this.#policyVersion = entry.pol
  }

  /**
   * What `restore` goes on from, together with the keys that `idempotency.ended` gives; of projections that did nothing
   * but replay.
   * @param nowMs time of the last entry: what no longer matters then is left out
   */
  state(nowMs: number): ProjectionsState {
    return {
      approvals: this.approvals.state(nowMs),
      uses: this.uses.state(nowMs),
      budgets: this.budgets.state(nowMs),
      idempotency: this.idempotency.state(),
      openCalls: this.openCalls.state(),
      callIds: this.callIds.state(),
      openAcks: this.openAcks.state(),
      outbox: this.outbox.state(),
      promises: this.promises.state(),
      rates: this.rates.state(nowMs),
      sanctions: this.sanctions.state(nowMs),
      evidence: this.evidence.state(),
      doubtUntilMs: this.doubt.state(),
      policyVersion: this.#policyVersion,
    }
  }

  /** Of projections that have replayed nothing. */
  restore(state: ProjectionsState): void {
    this.approvals.restore(state.approvals)
    this.uses.restore(state.uses)
    this.budgets.restore(state.budgets)
    this.idempotency.restore(state.idempotency)
    this.openCalls.restore(state.openCalls)
    this.callIds.restore(state.callIds)
    this.openAcks.restore(state.openAcks)
    this.outbox.restore(state.outbox)
    this.promises.restore(state.promises)
    this.rates.restore(state.rates)
    this.sanctions.restore(state.sanctions)
    this.evidence.restore(state.evidence)
    this.doubt.restore(state.doubtUntilMs)
    this.#policyVersion = state.policyVersion
  }

  /** The same keys as `rateLimits` of the policy stage. */
  #replayRates(entry: Entry): void {
    // A peer's principals are named after it, and count together.
    const who = entry.peer !== undefined && entry.actor?.startsWith(`${entry.peer}#`) ? entry.peer : entry.actor
    const base = `${who}\n${entry.cap}`
    this.rates.record(base, 60, entry.t_ms)
    if (who !== undefined && who === entry.peer) {
      const { key, perSeconds } = dailyWindow(who)
      this.rates.record(key, perSeconds, entry.t_ms)
    }
    if (entry.ext?.agreement !== undefined) {
      const { key, perSeconds } = agreedWindow(entry.ext.agreement, who === entry.peer ? entry.peer : undefined)
      this.rates.record(key, perSeconds, entry.t_ms)
    }
    for (const rule of entry.rules ?? []) {
      const seconds = this.#ruleWindow(rule)
      if (seconds !== undefined) this.rates.record(`${base}\n${rule}`, seconds, entry.t_ms)
    }
  }
}

const BEGINS: ReadonlySet<string> = new Set(['call.begun', 'intent.sent', 'intent.accepted'])

/** Stages behind the policy and before the begin entry. */
const BETWEEN: ReadonlySet<string | undefined> = new Set(['token', 'inbound', 'begin'])

/** Such a call was counted when the policy let it pass, and has no begin entry to say so. */
function wasRefusedBetween({ type, ext }: Entry): boolean {
  return type === 'outcome' && BETWEEN.has(ext?.stage)
}

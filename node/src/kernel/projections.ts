/** Everything that a kernel remembers of its calls, rebuilt from the ledger entry by entry when it starts. */
import type { Entry } from '@hansa/protocols'
import type { RateWindow } from '@hansa/trust'
import type { AckOutbox } from '../exchange/ack-outbox.ts'
import type { OpenAcks } from '../exchange/open-acks.ts'
import type { ApprovalBook } from './approvals.ts'
import type { CallIds } from './call-ids.ts'
import type { Idempotency } from './idempotency.ts'
import type { OpenCalls } from './open-calls.ts'
import type { RestoreDoubt } from './restore-doubt.ts'
import type { TokenUses } from './token-uses.ts'

export type Projections = {
  approvals: ApprovalBook
  uses: TokenUses
  idempotency: Idempotency
  openCalls: OpenCalls
  callIds: CallIds
  openAcks: OpenAcks
  outbox: AckOutbox
  rates: RateWindow
  doubt: RestoreDoubt
  /** Seconds of the window of a rule that sets a limit. */
  ruleWindow(rule: string): number | undefined
  /** Version of the policy in force, from the entries that loaded one. */
  policyVersion: number
}

const BEGINS: ReadonlySet<string> = new Set(['call.begun', 'intent.sent', 'intent.accepted'])

export function replayEntry(projections: Projections, entry: Entry): void {
  projections.approvals.replay(entry)
  projections.uses.replay(entry)
  projections.idempotency.replay(entry)
  projections.openCalls.replay(entry)
  projections.callIds.replay(entry)
  projections.openAcks.replay(entry)
  projections.outbox.replay(entry)
  projections.doubt.replay(entry)
  if (BEGINS.has(entry.type) || wasRefusedBetween(entry)) replayRates(projections, entry)
  if (entry.type === 'policy.loaded' && entry.pol !== undefined) projections.policyVersion = entry.pol
}

/** Stages behind the policy and before the begin entry. */
const BETWEEN: ReadonlySet<string | undefined> = new Set(['token', 'inbound', 'begin'])

/** Such a call was counted when the policy let it pass, and has no begin entry to say so. */
function wasRefusedBetween({ type, ext }: Entry): boolean {
  return type === 'outcome' && BETWEEN.has(ext?.stage)
}

/** The same keys as `rateLimits` of the policy stage. */
function replayRates({ rates, ruleWindow }: Projections, entry: Entry): void {
  // A peer's principals are named after it, and count together.
  const who = entry.peer !== undefined && entry.actor?.startsWith(`${entry.peer}#`) ? entry.peer : entry.actor
  const base = `${who}\n${entry.cap}`
  rates.record(base, 60, entry.t_ms)
  for (const rule of entry.rules ?? []) {
    const seconds = ruleWindow(rule)
    if (seconds !== undefined) rates.record(`${base}\n${rule}`, seconds, entry.t_ms)
  }
}

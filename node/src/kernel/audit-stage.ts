/**
 * The one outcome entry of a call: `receipt.received` when a peer's signed word arrived, else `outcome`. And what
 * follows from it in memory: places are given back, approvals and keys settled.
 *
 * A receipt whose result is withheld until it is acknowledged has its entry before that; what became of the result is
 * then an entry of its own, `result.received` or `result.missing`.
 */
import type { EntryDraft, EntryExt, EntryType, ReceiptStatus } from '@hansa/protocols'
import { parseCapabilityRef } from '@hansa/protocols'
import type { Appended } from '@hansa/trust/ledger'
import { type RefusalBudget, RefusalUnsigned } from '../exchange/refusal-budget.ts'
import { type ApprovalBook, provesNoAction } from './approvals.ts'
import type { Idempotency } from './idempotency.ts'
import type { InFlight } from './in-flight.ts'
import { placeOf } from './place-of.ts'
import type { Arrived, Begun, Committed, ReceivedReceipt, Refusal, Refused, Released } from './stages.ts'
import { standsFor } from './stands-for.ts'
import type { TokenUses } from './token-uses.ts'

export type AuditComponents = {
  append(draft: EntryDraft): Appended
  /** Resolves when the log may have room again. */
  room(): Promise<void>
  policyVersion(): number
  approvals: ApprovalBook
  uses: TokenUses
  inFlight: InFlight
  idempotency: Idempotency
  budget: RefusalBudget
}

/** Rules that an entry can name; what decided is found under the policy's hash all the same. */
export const MAX_RULES = 64

export function auditStage(components: AuditComponents): (ended: Released | Refused) => Appended | Promise<Appended> {
  const { append, policyVersion } = components
  return (ended) => {
    refuseUnsigned(ended, components.budget)
    const draft = 'refused' in ended ? refusalDraft(ended, policyVersion()) : releaseDraft(ended, policyVersion())
    return ended.call.begin === undefined ? append(draft) : appendEnd(draft, components)
  }
}

/**
 * The outcome entry of a call whose result waits for the acknowledgement.
 * @param appended told in the same turn, so that acknowledgements are in the order of the log.
 */
export async function appendCommitted(
  committed: Committed,
  appended: (entry: Appended) => void,
  components: AuditComponents,
): Promise<Appended> {
  const entry = await appendEnd(committedDraft(committed, components.policyVersion()), components, appended)
  await entry.durable
  return entry
}

function appendEnd(
  draft: EntryDraft,
  components: AuditComponents,
  appended: (entry: Appended) => void = () => {},
): Appended | Promise<Appended> {
  try {
    const entry = components.append(draft)
    appended(entry)
    return entry
  } catch (error) {
    if (!isBusy(error)) throw error
    return appendWhenThereIsRoom(draft, components, appended)
  }
}

/** @throws RefusalUnsigned for a peer's call that did nothing and is one refusal too many. */
function refuseUnsigned(ended: Released | Refused, budget: RefusalBudget): void {
  const { caller, begin } = ended.call as Refused['call']
  if ('refused' in ended && caller.kind === 'peer' && begin === undefined && !budget.spend(caller.did, ended.refused)) {
    throw new RefusalUnsigned()
  }
}

/** A call that has begun may have acted: its outcome waits for the disk, however long that takes. */
async function appendWhenThereIsRoom(
  draft: EntryDraft,
  { append, room }: AuditComponents,
  appended: (entry: Appended) => void,
): Promise<Appended> {
  for (;;) {
    await room()
    try {
      const entry = append(draft)
      appended(entry)
      return entry
    } catch (error) {
      if (!isBusy(error)) throw error
    }
  }
}

function isBusy(error: unknown): boolean {
  return (error as { detail?: { code?: unknown } } | undefined)?.detail?.code === 'busy'
}

function committedDraft({ call, receipt }: Committed, pol: number): EntryDraft {
  const { labels, result_c } = receipt.receipt
  return {
    ...commonDraft(call, pol),
    type: 'receipt.received',
    decision: 'permit',
    ...(labels.length === 0 ? {} : { labels }),
    ...(result_c === null ? {} : { result_c }),
    receipt: receipt.hash,
    ext: {
      ...standsFor(call.caller),
      status: receipt.receipt.status,
      reveal: 'awaited',
      ...unlabelledIn(receipt),
      envelope: receipt.envelope,
    },
  }
}

function endType(receipt: ReceivedReceipt | undefined, missing?: Refusal['missing']): EntryType {
  if (receipt === undefined) return 'outcome'
  if (receipt.recorded === undefined) return 'receipt.received'
  return missing === undefined ? 'result.received' : 'result.missing'
}

function releaseDraft(released: Released, pol: number): EntryDraft {
  const { call, output, receipt, verdicts, labels, repeated, status } = released
  return {
    ...commonDraft(call, pol),
    type: endType(receipt),
    decision: 'permit',
    ...(verdicts.length === 0 ? {} : { verdicts }),
    ...(labels.length === 0 ? {} : { labels }),
    result_c: output.commitment,
    ...(receipt === undefined ? {} : { receipt: receipt.hash }),
    ext: {
      ...standsFor(call.caller),
      status,
      ...(released.charge === undefined ? {} : { charge: released.charge }),
      ...(repeated === undefined ? {} : { retry_of: repeated }),
      ...unlabelledIn(receipt),
      ...envelopeOf(receipt),
    },
  }
}

/** Once in the log is enough. */
function envelopeOf(receipt: ReceivedReceipt | undefined): Pick<EntryExt, 'envelope'> {
  return receipt === undefined || receipt.recorded !== undefined ? {} : { envelope: receipt.envelope }
}

function unlabelledIn(receipt: ReceivedReceipt | undefined): Pick<EntryExt, 'unlabelled'> {
  return receipt === undefined || receipt.unlabelled.length === 0 ? {} : { unlabelled: [...receipt.unlabelled] }
}

function refusalDraft(refused: Refused, pol: number): EntryDraft {
  const { call, receipt, verdicts, approvalId, missing } = refused
  const begun = call.begin !== undefined
  const decision = refused.decision ?? call.decision
  return {
    ...commonDraft(call, pol),
    type: endType(receipt, missing),
    decision: refused.refused === 'approval_required' ? 'approval' : decision?.effect === 'error' ? 'error' : 'deny',
    ...(decision === undefined ? {} : { rules: decision.rules.slice(0, MAX_RULES) }),
    ...(verdicts === undefined || verdicts.length === 0 ? {} : { verdicts }),
    ...(receipt?.receipt.result_c == null ? {} : { result_c: receipt.receipt.result_c }),
    ...(receipt === undefined ? {} : { receipt: receipt.hash }),
    ext: {
      ...standsFor(call.caller),
      code: refused.refused,
      denial_id: refused.denialId,
      stage: refused.stage,
      reason: refused.reason.slice(0, 1024).toWellFormed(),
      status: receipt?.receipt.status ?? statusOf(refused),
      ...(approvalId === undefined ? {} : { approval: approvalId }),
      ...(missing === undefined ? {} : { reveal: missing }),
      ...(begun || call.route === undefined ? {} : { route: call.route }),
      // Without a begin entry nothing else says what it counted against.
      ...(begun || call.agreement?.covering === undefined ? {} : { agreement: call.agreement.covering.id }),
      ...(receipt !== undefined
        ? envelopeOf(receipt)
        : call.caller.kind === 'peer' && !begun
          ? { envelope: call.caller.envelope }
          : {}),
    },
  }
}

function commonDraft(call: Arrived & Partial<Begun>, pol: number): Omit<EntryDraft, 'type'> {
  const { caller, target } = call
  const intent = call.outbound?.hash ?? (caller.kind === 'peer' ? caller.intentHash : undefined)
  return {
    call_id: call.callId,
    actor: caller.principal,
    ...(caller.kind === 'peer' ? { peer: caller.did } : target?.kind === 'imported' ? { peer: target.peer } : {}),
    ...(parseCapabilityRef(call.capability) === undefined ? {} : { cap: call.capability }),
    ...(target === undefined ? {} : { cap_hash: target.hash }),
    pol,
    ...(intent === undefined ? {} : { intent }),
    args_c: call.input?.commitment ?? call.argsCommitment,
  }
}

/** What this kernel would say of a call it refused, in the words of a receipt. */
export function statusOf(refused: Refused): ReceiptStatus {
  if (refused.refused === 'approval_required') return 'approval_required'
  if (refused.refused === 'outcome_unknown' || refused.unknown === true) return 'outcome_unknown'
  return refused.call.begin === undefined ? 'denied' : 'failed'
}

/** Gives back what the call took and did not use. Runs once per call, also when its entry could not be written. */
export function settleStage({
  approvals,
  uses,
  inFlight,
  idempotency,
}: AuditComponents): (ended: Released | Refused) => void {
  return (ended) => {
    const call: Arrived & Partial<Begun> = ended.call
    const { caller } = call
    if (call.decision !== undefined && call.target !== undefined) {
      inFlight.leave(placeOf({ caller, target: call.target }))
    }
    const begun = call.begin !== undefined
    if (call.presented !== undefined && !begun) uses.release(call.presented.id)
    if (
      call.approval !== undefined &&
      (!begun || ('refused' in ended && provesNoAction(ended.receipt?.receipt.status)))
    ) {
      approvals.release(call.approval, call.callId)
    }
    const status = 'refused' in ended ? statusOf(ended) : ended.status
    const keyState = status === 'ok' ? 'done' : status === 'outcome_unknown' ? 'unknown' : 'none'
    idempotency.end(call.callId, keyState)
  }
}

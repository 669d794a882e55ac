/**
 * The life of a case (security.md B12): who may do what to it, when, and what follows.
 *
 *   open -triage-> triage -decide-> decided -appeal-> appealed -decide_appeal-> upheld | modified | overturned -> final
 *
 * Pure: time comes in as Unix seconds, a refusal is a value. Whoever opens a case does not decide it, and neither of them
 * decides its appeal; a ban takes two persons. A sanction ends by its own end, by a decision of the persons whose turn it
 * is, and by nothing else.
 */
import type {
  AppealTerms,
  CaseEvidence,
  CaseRecord,
  Code,
  Sanction,
  SanctionTerms,
  VerdictTerms,
} from '@hansa/protocols'
import { MAX_CASE_HISTORY } from '@hansa/protocols'
import { moved, sanctionOf, settled } from './case-clock.ts'
import {
  APPEAL_DECISION_SECONDS,
  APPEAL_WINDOW_SECONDS,
  CLOSING_SECONDS,
  DECISION_SECONDS,
  TRIAGE_SECONDS,
  UNDECIDED_SECONDS,
} from './deadlines.ts'
import { compareKinds, isMilder, lengthOf, sanctionEffects, scopeOf } from './effects.ts'
import { isPerson, samePerson } from './persons.ts'
import { liesWithin, scopeFault } from './sanction-scope.ts'
import { excludedFromAppeal, excludedFromDecision, turnText } from './whose-turn.ts'

export type CaseEvent =
  | { type: 'triage'; by: string; reason: string; interim?: 'quarantine' | 'suspend' | undefined }
  | { type: 'decide'; by: string; reason: string; terms: VerdictTerms }
  | { type: 'appeal'; by: string; text: string }
  | { type: 'decide_appeal'; by: string; reason: string; terms: AppealTerms }
  | { type: 'close'; by: string }

export type CaseRefusal = { ok: false; code: Extract<Code, 'invalid_request' | 'policy_denied'>; reason: string }
export type CaseVerdict = { ok: true; record: CaseRecord } | CaseRefusal

export type OpenCaseInit = {
  id: string
  subject: string
  opener: string
  reason: string
  evidence: readonly CaseEvidence[]
  /** A proof that convicts by itself: a quarantine begins at once. */
  critical: boolean
  /** Unix seconds. */
  at: number
}

export function openCase({ id, subject, opener, reason, evidence, critical, at }: OpenCaseInit): CaseRecord {
  const automatic: Sanction = {
    case: id,
    kind: 'quarantine',
    from: at,
    until: at + UNDECIDED_SECONDS,
    rule: 'automatic',
  }
  return {
    v: 1,
    id,
    subject,
    critical,
    reason,
    evidence: [...evidence],
    opened: at,
    opener,
    state: 'open',
    since: at,
    due: at + TRIAGE_SECONDS,
    missed: [],
    ...(critical ? { sanction: automatic } : {}),
    history: [{ at, event: 'opened', by: opener, note: reason }],
  }
}

/** @param now Unix seconds. A clock that went back does not bring a deadline back. */
export function stepCase(before: CaseRecord, event: CaseEvent, now: number): CaseVerdict {
  const at = Math.max(now, before.since)
  const record = settled(before, at)
  if (event.type !== 'appeal' && !isPerson(event.by)) return denied('only a person acts here, named person:NAME')
  if (event.type !== 'appeal' && samePerson(event.by, record.subject))
    return denied(`${event.by} is the subject of the case; another person has to act`)
  switch (event.type) {
    case 'triage':
      return triage(record, event, at)
    case 'decide':
      return decide(record, event, at)
    case 'appeal':
      return appeal(record, event, at)
    case 'decide_appeal':
      return decideAppeal(record, event, at)
    case 'close':
      return close(record, event.by, at)
  }
}

type Of<T extends CaseEvent['type']> = Extract<CaseEvent, { type: T }>

function triage(record: CaseRecord, { by, reason, interim }: Of<'triage'>, at: number): CaseVerdict {
  if (record.state !== 'open') return outOfTurn(record)
  const change = { state: 'triage', due: at + DECISION_SECONDS } as const
  const step = { at, event: 'triaged', by, note: reason } as const
  if (interim === undefined) return changed(moved(record, change, step))
  const barred = whoBars(by, excludedFromDecision(record))
  if (barred !== undefined)
    return denied(`${by} opened the case, so another person imposes what holds until the decision`)
  const until = record.opened + UNDECIDED_SECONDS
  if (at >= until) return invalid('the case is older than anything undecided may last; decide it')
  const current = sanctionOf(record, at)
  if (current !== undefined && compareKinds(current.kind, interim) >= 0) return changed(moved(record, change, step))
  const sanction: Sanction = { case: record.id, kind: interim, from: at, until, rule: 'interim' }
  return changed(moved(record, { ...change, sanction }, step))
}

function decide(record: CaseRecord, { by, reason, terms }: Of<'decide'>, at: number): CaseVerdict {
  if (record.state !== 'triage') return outOfTurn(record)
  if (whoBars(by, excludedFromDecision(record)) !== undefined)
    return denied(`${by} opened the case, so another person decides it: ${turnText(record)}`)
  if (terms.verdict === 'dismiss') {
    const { sanction: _over, proposal: _neither, ...rest } = record
    const decision = { at, by, reason, terms }
    const step = { at, event: 'dismissed', by, note: reason } as const
    return changed(moved(rest, { state: 'decided', due: at + CLOSING_SECONDS, decision }, step))
  }
  const wrong = scopeFault(record.subject, scopeOf(terms.sanction).scope)
  if (wrong !== undefined) return invalid(wrong)
  const { proposal } = record
  if (sanctionEffects[terms.sanction.kind].persons === 2 && !seconds(proposal, by, terms))
    return propose(record, { at, by, reason, terms })
  const second = sanctionEffects[terms.sanction.kind].persons === 2 ? { second: by } : {}
  const decision =
    proposal !== undefined && 'second' in second ? { ...proposal, ...second, at } : { at, by, reason, terms }
  const { proposal: _settled, ...rest } = record
  const sanction = imposed(record.id, terms.sanction, at)
  const step = { at, event: 'sanctioned', by, note: reason } as const
  return changed(moved(rest, { state: 'decided', due: at + APPEAL_WINDOW_SECONDS, decision, sanction }, step))
}

/** The same person, also under another spelling, is no second one; and a second one has to say the same. */
function seconds(proposal: CaseRecord['proposal'], by: string, terms: VerdictTerms): boolean {
  return proposal !== undefined && !samePerson(proposal.by, by) && sameTerms(proposal.terms, terms)
}

function propose(record: CaseRecord, proposal: NonNullable<CaseRecord['proposal']>): CaseVerdict {
  const { by, at, reason, terms } = proposal
  if (record.proposal !== undefined && samePerson(record.proposal.by, by) && sameTerms(record.proposal.terms, terms))
    return denied(`${record.proposal.by} has decided this already: ${turnText(record)}`)
  if (record.history.length >= MAX_CASE_HISTORY / 2) return invalid('too many bans were proposed in this case')
  return changed(moved(record, { proposal }, { at, event: 'proposed', by, note: reason }))
}

function appeal(record: CaseRecord, { by, text }: Of<'appeal'>, at: number): CaseVerdict {
  const { state, decision, subject } = record
  if (state !== 'decided' || decision?.terms.verdict !== 'sanction') return outOfTurn(record)
  if (by !== subject && !isPerson(by)) return denied('only the subject appeals, or a person who speaks for it')
  if (by !== subject && whoBars(by, decidersOf(record)) !== undefined)
    return denied(`${by} has decided the case and cannot appeal for ${subject}`)
  const change = { state: 'appealed', due: at + APPEAL_DECISION_SECONDS, appeal: { at, by, text } } as const
  return changed(moved(record, change, { at, event: 'appealed', by, note: text }))
}

function decideAppeal(record: CaseRecord, { by, reason, terms }: Of<'decide_appeal'>, at: number): CaseVerdict {
  const { state, decision, sanction } = record
  if (state !== 'appealed' || decision === undefined || sanction === undefined) return outOfTurn(record)
  if (whoBars(by, excludedFromAppeal(record)) !== undefined)
    return denied(`${by} has had a part in the case, so another person decides the appeal: ${turnText(record)}`)
  const change = { due: at + CLOSING_SECONDS, outcome: { at, by, reason, terms } }
  const step = { at, by, note: reason }
  if (terms.outcome === 'uphold')
    return changed(moved(record, { ...change, state: 'upheld' }, { ...step, event: 'upheld' }))
  if (terms.outcome === 'overturn') {
    const { sanction: _lifted, ...rest } = record
    return changed(moved(rest, { ...change, state: 'overturned' }, { ...step, event: 'overturned' }))
  }
  const length = lengthOf(terms.sanction)
  const until = length === null ? null : decision.at + length
  const { kind } = terms.sanction
  const wrong = scopeFault(record.subject, scopeOf(terms.sanction).scope)
  if (wrong !== undefined) return invalid(wrong)
  if (!isMilder(sanction, { kind, until, ...scopeOf(terms.sanction) }))
    return invalid('an appeal makes a sanction milder, shorter or narrower, never the other way')
  const milder: Sanction = { case: record.id, kind, from: at, until, rule: 'appeal', ...scopeOf(terms.sanction) }
  return changed(moved(record, { ...change, state: 'modified', sanction: milder }, { ...step, event: 'modified' }))
}

function close(record: CaseRecord, by: string, at: number): CaseVerdict {
  const { state, decision } = record
  const said = state === 'upheld' || state === 'modified' || state === 'overturned'
  const dismissed = state === 'decided' && decision?.terms.verdict === 'dismiss'
  if (!said && !dismissed) return outOfTurn(record)
  return changed(moved(record, { state: 'final', due: null }, { at, event: 'closed', by }))
}

function imposed(id: string, terms: SanctionTerms, at: number): Sanction {
  const length = lengthOf(terms)
  const until = length === null ? null : at + length
  return { case: id, kind: terms.kind, from: at, until, rule: 'decision', ...scopeOf(terms) }
}

function decidersOf({ decision }: CaseRecord): string[] {
  return [decision?.by, decision?.second].filter((one) => one !== undefined)
}

function whoBars(by: string, excluded: readonly string[]): string | undefined {
  return excluded.find((one) => samePerson(one, by))
}

function sameTerms(one: VerdictTerms, other: VerdictTerms): boolean {
  if (one.verdict === 'dismiss' || other.verdict === 'dismiss') return one.verdict === other.verdict
  const [a, b] = [scopeOf(one.sanction).scope, scopeOf(other.sanction).scope]
  const same = one.sanction.kind === other.sanction.kind && lengthOf(one.sanction) === lengthOf(other.sanction)
  return same && liesWithin(a, b) && liesWithin(b, a)
}

function changed(record: CaseRecord): CaseVerdict {
  return { ok: true, record }
}

function outOfTurn(record: CaseRecord): CaseRefusal {
  return invalid(`case ${record.id} is ${record.state}: ${turnText(record)}`)
}

function invalid(reason: string): CaseRefusal {
  return { ok: false, code: 'invalid_request', reason }
}

function denied(reason: string): CaseRefusal {
  return { ok: false, code: 'policy_denied', reason }
}

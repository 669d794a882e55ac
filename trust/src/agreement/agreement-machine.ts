/**
 * The life of an agreement in one of its two kernels:
 *
 *   the one that proposes   proposed -accepted-> agreed -> in_force -> ended
 *   the one that accepts    proposed -accept-> accepted -handed-> agreed -> in_force -> ended
 *
 * Whoever accepts is bound when the other one has its signature, so that neither vouches for somebody who knows of no
 * agreement. Pure: time comes in as Unix seconds, a refusal is a value, signatures are verified before.
 */
import type { Agreement, AgreementEnd, AgreementEnding, AgreementRecord, UnixSeconds } from '@hansa/protocols'

export type AgreementEvent =
  /** This kernel has signed a proposal of the other one. */
  | { type: 'accept'; acceptance: string }
  /** The other kernel has signed a proposal of this one. `unsaid`: it does not know yet that this one has it. */
  | { type: 'accepted'; acceptance: string; unsaid?: boolean }
  /** The other kernel has got what this one signed last. */
  | { type: 'handed' }
  /** A revocation of one of the two names it. */
  | { type: 'revoked'; by: NonNullable<AgreementEnd['by']>; own: boolean; reason: string }
  /** A key that signed it counts for nothing since before it signed. */
  | { type: 'key_revoked'; by: NonNullable<AgreementEnd['by']> }
  | { type: 'time' }

export type AgreementStep = { ok: true; record: AgreementRecord } | { ok: false; reason: string }

type Times = Pick<Agreement, 'from' | 'until' | 'accept_by'>

export function stepAgreement(
  before: AgreementRecord,
  event: AgreementEvent,
  times: Times,
  now: UnixSeconds,
): AgreementStep {
  const record = passed(before, times, now)
  if (event.type === 'time') return { ok: true, record }
  if (record.state === 'ended') return refused(`it is over: ${endText(record)}`)
  switch (event.type) {
    case 'accept':
      if (record.own) return refused('this kernel has proposed it; the other one has to accept')
      if (record.state !== 'proposed') return refused('it is accepted already')
      return { ok: true, record: { ...moved(record, 'accepted', now), ...signed(event, now), handed: false } }
    case 'accepted':
      if (!record.own) return refused('the other kernel has proposed it')
      if (record.state !== 'proposed') return { ok: true, record }
      return agreed({ ...record, ...signed(event, now), handed: event.unsaid !== true }, times, now)
    case 'handed':
      if (record.state === 'accepted') return agreed({ ...record, handed: true }, times, now)
      return { ok: true, record: { ...record, handed: true } }
    case 'revoked':
      return { ok: true, record: ended(record, endOf(record, event, now)) }
    case 'key_revoked':
      return { ok: true, record: ended(record, { why: 'key_revoked', at: now, by: event.by, reason: '' }) }
  }
}

/** What the passing of time alone has made of it. */
function passed(record: AgreementRecord, { from, until, accept_by: acceptBy }: Times, now: UnixSeconds) {
  const { state } = record
  if (state === 'ended') return record
  const signing = state === 'proposed' || state === 'accepted'
  if (signing && now >= acceptBy) return ended(record, byTime('lapsed', acceptBy))
  if (now >= until) return ended(record, byTime(signing ? 'lapsed' : 'over', until))
  return state === 'agreed' && now >= from ? moved(record, 'in_force', now) : record
}

function signed({ acceptance }: { acceptance: string }, now: UnixSeconds) {
  return { acceptance, accepted: now }
}

function agreed(record: AgreementRecord, times: Times, now: UnixSeconds): AgreementStep {
  return { ok: true, record: passed(moved(record, 'agreed', now), times, now) }
}

function endOf(
  { state, own: proposedHere }: AgreementRecord,
  { by, own, reason }: Extract<AgreementEvent, { type: 'revoked' }>,
  now: UnixSeconds,
): AgreementEnd {
  const why: AgreementEnding = state !== 'proposed' ? 'ended' : own === proposedHere ? 'withdrawn' : 'rejected'
  return { why, at: now, by, reason }
}

function byTime(why: AgreementEnding, at: UnixSeconds): AgreementEnd {
  return { why, at, by: null, reason: '' }
}

function moved(record: AgreementRecord, state: AgreementRecord['state'], now: UnixSeconds): AgreementRecord {
  return { ...record, state, since: now }
}

function ended(record: AgreementRecord, end: AgreementEnd): AgreementRecord {
  return { ...record, state: 'ended', since: end.at, end }
}

const endTexts: Readonly<Record<AgreementEnding, string>> = {
  rejected: 'it was rejected',
  withdrawn: 'it was withdrawn',
  lapsed: 'it was not accepted in time',
  ended: 'one side has ended it',
  over: 'its time has passed',
  key_revoked: 'a key that signed it was revoked',
}

function endText({ end }: AgreementRecord): string {
  return end === undefined ? 'ended' : endTexts[end.why]
}

function refused(reason: string): AgreementStep {
  return { ok: false, reason }
}

/** Why a score is what it is: what each day's evidence still weighs, and the rule that says so. */
import { type CountedEndorsement, countEndorsements } from './endorsements.ts'
import { decayed, distrustOf, MICRO } from './score-days.ts'
import { decayPerDay, type EvidenceKind, evidenceKinds, GOOD_PER_DAY, weights } from './score-table.ts'
import type { DayTally, ScoreBasis } from './score-tally.ts'
import { type ScoreOnDay, scoreLine, type TrustScore } from './trust-score.ts'

/** All evidence of one kind and day. */
export type ScoreContribution = {
  day: number
  kind: EvidenceKind
  count: number
  /** For its integrity, in millionths of a good call; of one source on one day five count. */
  good: number
  /** Against its integrity, in millionths of a point. */
  distrust: number
  /** For or against its reliability, in millionths of a call. */
  ok: number
  bad: number
  rule: string
}

export type ScoreExplanation = TrustScore & {
  day: number
  /** The weightiest first. */
  contributions: ScoreContribution[]
  /** Kinds and days before those that are listed. */
  leftOut: number
  endorsements: CountedEndorsement[]
  /** The last days. */
  line: ScoreOnDay[]
}

/** Kinds and days that are listed, the newest of them. */
const MAX_CONTRIBUTIONS = 400
/** Days that are listed. */
const LINE_DAYS = 92

export function explainScore(basis: ScoreBasis): ScoreExplanation {
  const line = scoreLine(basis)
  const last = line.at(-1)
  if (last === undefined) throw new RangeError('a score is of a day')
  const { raw: _raw, ...score } = last
  const all = [...basis.days].sort(([a], [b]) => b - a).flatMap(([day, tally]) => ofDay(day, tally))
  const contributions = all.slice(0, MAX_CONTRIBUTIONS).map((one) => weighed(one, basis))
  const weight = ({ good, distrust, bad }: ScoreContribution) => Math.max(good, distrust, bad)
  contributions.sort((a, b) => weight(b) - weight(a) || b.day - a.day || order(a.kind) - order(b.kind))
  const { counted } = countEndorsements(basis.endorsements, basis.organisation)
  const leftOut = all.length - contributions.length
  return { ...score, contributions, leftOut, endorsements: counted, line: line.slice(-LINE_DAYS) }
}

type Part = Pick<ScoreContribution, 'day' | 'kind' | 'count'> & { tally: DayTally }

function ofDay(day: number, tally: DayTally): Part[] {
  return evidenceKinds.map((kind) => ({ day, kind, count: tally.counts[kind], tally })).filter(({ count }) => count > 0)
}

function weighed({ day, kind, count, tally }: Part, basis: ScoreBasis): ScoreContribution {
  const { reliability, rule } = weights[kind]
  const age = basis.day - day
  const counted = [...tally.good.values()].reduce((sum, each) => sum + Math.min(each, GOOD_PER_DAY), 0)
  return {
    day,
    kind,
    count,
    good: left(kind === 'good' ? counted : 0, decayPerDay.good, age),
    distrust: left(distrustOf(kind, count), decayPerDay.bad, age),
    ok: left(reliability === 'ok' ? count : 0, decayPerDay.reliability, age),
    bad: left(reliability === 'bad' ? count : 0, decayPerDay.reliability, age),
    rule,
  }
}

function order(kind: EvidenceKind): number {
  return evidenceKinds.indexOf(kind)
}

function left(amount: number, perDay: bigint, days: number): number {
  let sum = BigInt(amount) * MICRO
  for (let day = 0; day < days && sum > 0n; day++) sum = decayed(sum, perDay)
  return Number(sum)
}

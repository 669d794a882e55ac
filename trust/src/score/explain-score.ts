/** Why a score is what it is: every piece of evidence with what it still weighs, and the rule that says so. */
import { type CountedEndorsement, countEndorsements } from './endorsements.ts'
import { countedEvidence, decayed, MICRO } from './score-days.ts'
import type { ScoreEvidence, ScoreInput } from './score-evidence.ts'
import { decayPerDay, EXCUSED_ACKS, GOOD_PER_DAY, weights } from './score-table.ts'
import { type TrustScore, trustScore } from './trust-score.ts'

export type ScoreContribution = ScoreEvidence & {
  /** For its integrity, in millionths of a good call; 0 beyond what counts of one source on one day. */
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
  endorsements: CountedEndorsement[]
}

export function explainScore(input: ScoreInput): ScoreExplanation {
  const onDay = new Map<string, number>()
  const nth = (name: string) => {
    const count = (onDay.get(name) ?? 0) + 1
    onDay.set(name, count)
    return count
  }
  const contributions = countedEvidence(input).map((one): ScoreContribution => {
    const { day, kind, source } = one
    const { distrust, reliability, rule } = weights[kind]
    const age = input.day - day
    const good = kind === 'good' && nth(`${day} ${source}`) <= GOOD_PER_DAY ? 1 : 0
    const late = kind === 'missing_ack' && nth(`${day} ack`) > EXCUSED_ACKS ? weights.minor.distrust : 0
    return {
      ...one,
      good: left(good, decayPerDay.good, age),
      distrust: left(distrust + late, decayPerDay.bad, age),
      ok: left(reliability === 'ok' ? 1 : 0, decayPerDay.reliability, age),
      bad: left(reliability === 'bad' ? 1 : 0, decayPerDay.reliability, age),
      rule,
    }
  })
  const weight = ({ good, distrust, bad }: ScoreContribution) => Math.max(good, distrust, bad)
  contributions.sort((a, b) => weight(b) - weight(a) || b.day - a.day || (a.hash < b.hash ? -1 : 1))
  const { counted } = countEndorsements(input.endorsements ?? [], input.organisation)
  return { ...trustScore(input), day: input.day, contributions, endorsements: counted }
}

function left(amount: number, perDay: bigint, days: number): number {
  let sum = BigInt(amount) * MICRO
  for (let day = 0; day < days && sum > 0n; day++) sum = decayed(sum, perDay)
  return Number(sum)
}

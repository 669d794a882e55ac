/**
 * The trust score of one kernel in the eyes of another, 0 to 1000, and why (security.md B9). Pure and in whole numbers: who
 * has the same evidence gets the same bytes.
 */
import { countEndorsements } from './endorsements.ts'
import { type DayScore, scoreDays } from './score-days.ts'
import type { ScoreInput, Vouch } from './score-evidence.ts'
import { HYSTERESIS, MAX_SCORE, MAX_VOUCHED, type Tier, thresholds, tiers, UNPINNED_CEILING } from './score-table.ts'
import { type Moment, type ScoreBasis, scoreBasis } from './score-tally.ts'

export type TrustScore = {
  score: number
  tier: Tier
  integrity: number
  reliability: number
  /** Before endorsements, ceiling and vouches. */
  own: number
  endorsed: number
  ceiling: number
  /** The standing that somebody vouches for, when it holds the score up. */
  vouched?: number
  /** Critical evidence whose case is open holds it at 0. */
  held: boolean
}

/** Nobody's case or vouch changes it: the number that follows from what was signed. */
export function trustScore(input: ScoreInput): TrustScore {
  return scoreOf(scoreBasis(input))
}

/** As `trustScore`, of evidence that was counted before. */
export function scoreOf(basis: ScoreBasis): TrustScore {
  const last = scoreLine(basis).at(-1)
  if (last === undefined) throw new RangeError('a score is of a day')
  const { day: _day, raw: _raw, ...score } = last
  return score
}

export type ScoreOnDay = TrustScore & { day: number; raw: number }

/** The score of each day from the first evidence, or the first vouch, to the day asked. */
export function scoreLine(basis: ScoreBasis): ScoreOnDay[] {
  const vouches = basis.vouches.map((vouch) => inForce(vouch, basis.graves))
  const { points } = countEndorsements(basis.endorsements, basis.organisation)
  let tier: Tier = 'blocked'
  return scoreDays(basis).map((day) => {
    const total = totalOf(basis, day, points, vouches)
    tier = day.held ? 'blocked' : nextTier(tier, total.score)
    return { ...total, tier, day: day.day, raw: day.raw }
  })
}

type DayTotal = Omit<TrustScore, 'tier'>

function totalOf(
  { pinned }: ScoreBasis,
  { day, integrity, reliability, published, held }: DayScore,
  points: number,
  vouches: readonly Vouch[],
): DayTotal {
  const ceiling = pinned ? MAX_SCORE : UNPINNED_CEILING
  const standing = vouches.filter(({ from, until }) => from <= day && day < until).map((vouch) => vouch.standing)
  const vouched = standing.length === 0 ? undefined : Math.min(Math.max(...standing), MAX_VOUCHED)
  const earned = Math.min(ceiling, published + points)
  const score = held ? 0 : Math.max(earned, vouched ?? 0)
  const floor = vouched !== undefined && !held && vouched > earned ? { vouched } : {}
  return { score, integrity, reliability, own: published, endorsed: points, ceiling, held, ...floor }
}

/** A vouch is a floor from its day to its end, or to the first high or critical event under it. */
export function inForce(vouch: Vouch, graves: readonly Moment[]): Vouch {
  const { from, at = Number.NEGATIVE_INFINITY } = vouch
  const under = graves.filter(
    (grave) => grave.day > from || (grave.day === from && (grave.at ?? Number.POSITIVE_INFINITY) > at),
  )
  return { ...vouch, until: Math.min(vouch.until, ...under.map(({ day }) => day)) }
}

/** @returns the tier of a score, given the one before. */
export function nextTier(before: Tier, score: number): Tier {
  const reached = tiers.findLast((tier) => score >= thresholds[tier]) ?? 'blocked'
  const kept = tiers.findLast((tier) => tier === 'blocked' || score >= thresholds[tier] - HYSTERESIS) ?? 'blocked'
  if (tiers.indexOf(reached) >= tiers.indexOf(before)) return reached
  return tiers.indexOf(kept) >= tiers.indexOf(before) ? before : reached
}

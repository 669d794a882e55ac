/**
 * The trust score of one kernel in the eyes of another, 0 to 1000, and why (security.md B9). Pure and in whole numbers: who
 * has the same evidence gets the same bytes.
 */
import { countEndorsements } from './endorsements.ts'
import { type DayScore, scoreDays } from './score-days.ts'
import type { ScoreEvidence, ScoreInput } from './score-evidence.ts'
import { HYSTERESIS, MAX_SCORE, MAX_VOUCHED, type Tier, thresholds, tiers, UNPINNED_CEILING } from './score-table.ts'

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
  const days = scoreDays(input)
  const totals = days.map((day) => totalOf(input, day))
  const last = totals.at(-1)
  if (last === undefined) throw new RangeError('a score is of a day')
  return { ...last, tier: tierOver(totals) }
}

type DayTotal = Omit<TrustScore, 'tier'>

function totalOf(input: ScoreInput, { day, integrity, reliability, published, held }: DayScore): DayTotal {
  const { points } = countEndorsements(input.endorsements ?? [], input.organisation)
  const ceiling = input.pinned ? MAX_SCORE : UNPINNED_CEILING
  const vouched = vouchedOn(input, day)
  const earned = Math.min(ceiling, published + points)
  const score = held ? 0 : Math.max(earned, vouched ?? 0)
  const floor = vouched !== undefined && !held && vouched > earned ? { vouched } : {}
  return { score, integrity, reliability, own: published, endorsed: points, ceiling, held, ...floor }
}

/** A vouch is a floor from its day to its end, or to the first high or critical event under it. */
function vouchedOn({ vouches = [], evidence }: ScoreInput, day: number): number | undefined {
  const standing = vouches
    .filter(({ from, until }) => from <= day && day < until)
    .filter(({ from }) => !evidence.some((one) => isGrave(one) && one.day >= from && one.day <= day))
    .map((vouch) => Math.min(vouch.standing, MAX_VOUCHED))
  return standing.length === 0 ? undefined : Math.max(...standing)
}

function isGrave({ kind }: ScoreEvidence): boolean {
  return kind === 'high' || kind === 'critical'
}

/** The tier after all days: entered at its threshold, left only `HYSTERESIS` below it, or at once when held. */
function tierOver(totals: readonly DayTotal[]): Tier {
  let tier: Tier = 'blocked'
  for (const { score, held } of totals) tier = held ? 'blocked' : nextTier(tier, score)
  return tier
}

/** @returns the tier of a score, given the one before. */
export function nextTier(before: Tier, score: number): Tier {
  const reached = tiers.findLast((tier) => score >= thresholds[tier]) ?? 'blocked'
  const kept = tiers.findLast((tier) => tier === 'blocked' || score >= thresholds[tier] - HYSTERESIS) ?? 'blocked'
  if (tiers.indexOf(reached) >= tiers.indexOf(before)) return reached
  return tiers.indexOf(kept) >= tiers.indexOf(before) ? before : reached
}

/**
 * The score of each day from the first evidence to the day asked, in whole numbers: micro-units in bigint, a fixed decay
 * from day to day. The same evidence in any order gives the same numbers on every machine.
 */
import {
  decayPerDay,
  type EvidenceKind,
  EXCUSED_ACKS,
  evidenceKinds,
  GOOD_PER_DAY,
  GOOD_PER_SOURCE,
  INTEGRITY_PRIOR,
  MAX_SCORE,
  NEWCOMER,
  RELIABILITY_PRIOR,
  RISE_PER_DAY,
  weights,
} from './score-table.ts'
import type { DayTally, ScoreBasis } from './score-tally.ts'

/** Sums are in millionths. */
export const MICRO = 1_000_000n
const SCALE = 32n

export type DayScore = {
  day: number
  /** 0 to 1000: what its statements are worth. */
  integrity: number
  /** 0 to 1000: how surely it answers. */
  reliability: number
  /** Both together, before the limits of rise and of what forces it down. */
  raw: number
  /** What is published: never more than the day before by `RISE_PER_DAY`. */
  published: number
  /** Whether critical evidence without a closed case holds it at 0. */
  held: boolean
}

/** @returns a score for each day from the first evidence on; one for the day asked when there is none. */
export function scoreDays({ day, days: tallies }: Pick<ScoreBasis, 'day' | 'days'>): DayScore[] {
  const first = Math.min(day, ...tallies.keys())
  const sums = new Sums()
  const days: DayScore[] = []
  let published = NEWCOMER
  // The rise begins with the first good call: nothing bad may bring it about sooner.
  let begun = false
  let held = false
  for (let at = first; at <= day; at++) {
    const today = tallies.get(at)
    sums.next(today)
    held ||= (today?.open ?? 0) > 0
    const { integrity, reliability, raw } = sums.scores()
    const risen = Math.min(published + RISE_PER_DAY, begun ? MAX_SCORE : NEWCOMER)
    begun ||= (today?.counts.good ?? 0) > 0
    published = held ? 0 : Math.min(raw, risen)
    days.push({ day: at, integrity, reliability, raw, published, held })
  }
  return days
}

class Sums {
  readonly #good = new Map<string, bigint>()
  #distrust = 0n
  #ok = 0n
  #bad = 0n

  /** One day later, with what happened on it. */
  next(today: DayTally | undefined): void {
    for (const [source, sum] of this.#good) this.#good.set(source, decayed(sum, decayPerDay.good))
    this.#distrust = decayed(this.#distrust, decayPerDay.bad)
    this.#ok = decayed(this.#ok, decayPerDay.reliability)
    this.#bad = decayed(this.#bad, decayPerDay.reliability)
    if (today === undefined) return
    for (const kind of evidenceKinds) {
      const [count, { reliability }] = [today.counts[kind], weights[kind]]
      this.#distrust += BigInt(distrustOf(kind, count)) * MICRO
      if (reliability === 'ok') this.#ok += BigInt(count) * MICRO
      if (reliability === 'bad') this.#bad += BigInt(count) * MICRO
    }
    for (const [source, count] of today.good) {
      const sum = this.#good.get(source) ?? 0n
      this.#good.set(source, sum + BigInt(Math.min(count, GOOD_PER_DAY)) * MICRO)
    }
  }

  scores(): Pick<DayScore, 'integrity' | 'reliability' | 'raw'> {
    const cap = BigInt(GOOD_PER_SOURCE) * MICRO
    let good = 0n
    for (const sum of this.#good.values()) good += sum < cap ? sum : cap
    const full = BigInt(MAX_SCORE)
    const prior = BigInt(INTEGRITY_PRIOR) * MICRO
    const integrity = ((full * good + BigInt(NEWCOMER) * prior) * MICRO) / (good + this.#distrust + prior)
    const answers = BigInt(RELIABILITY_PRIOR) * MICRO
    const reliability = (full * (this.#ok + answers) * MICRO) / (this.#ok + this.#bad + answers)
    // I * (600 + 0.4 R) / 1000, with one rounding at the end.
    const raw = (integrity * (6_000n * MICRO + 4n * reliability)) / (10_000n * MICRO * MICRO)
    return { integrity: Number(integrity / MICRO), reliability: Number(reliability / MICRO), raw: Number(raw) }
  }
}

/** Points of distrust of so much evidence of one day. */
export function distrustOf(kind: EvidenceKind, count: number): number {
  if (kind === 'missing_ack') return Math.max(0, count - EXCUSED_ACKS) * weights.minor.distrust
  return count * weights[kind].distrust
}

/** What is left of a sum one day later. */
export function decayed(sum: bigint, perDay: bigint): bigint {
  return (sum * perDay) >> SCALE
}

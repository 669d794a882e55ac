/**
 * The score of each day from the first evidence to the day asked, in whole numbers: micro-units in bigint, a fixed decay
 * from day to day. The same evidence in any order gives the same numbers on every machine.
 */
import type { ScoreEvidence, ScoreInput } from './score-evidence.ts'
import {
  decayPerDay,
  EXCUSED_ACKS,
  GOOD_PER_DAY,
  GOOD_PER_SOURCE,
  INTEGRITY_PRIOR,
  MAX_SCORE,
  NEWCOMER,
  RELIABILITY_PRIOR,
  RISE_PER_DAY,
  SOURCE_SCORE,
  weights,
} from './score-table.ts'

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
export function scoreDays(input: ScoreInput): DayScore[] {
  const { day, released } = input
  const counted = countedEvidence(input)
  const first = counted[0]?.day ?? day
  const byDay = Map.groupBy(counted, (one) => one.day)
  const sums = new Sums()
  const days: DayScore[] = []
  let published = NEWCOMER
  // The rise begins with the first good call: nothing bad may bring it about sooner.
  let begun = false
  let held = false
  for (let at = first; at <= day; at++) {
    const today = byDay.get(at) ?? []
    sums.next(today)
    held ||= today.some(({ kind, hash }) => kind === 'critical' && released?.has(hash) !== true)
    const { integrity, reliability, raw } = sums.scores()
    const risen = begun ? published + RISE_PER_DAY : NEWCOMER
    begun ||= today.some(({ kind }) => kind === 'good')
    published = held ? 0 : Math.min(raw, risen)
    days.push({ day: at, integrity, reliability, raw, published, held })
  }
  return days
}

/** Once each, in an order of their own, and only what counts on that day. */
export function countedEvidence({ evidence, day, sources, organisation }: ScoreInput): ScoreEvidence[] {
  const counts = (source: string) => {
    const known = sources.get(source)
    if (known === undefined) return source === 'self'
    return known.score >= SOURCE_SCORE && known.organisation !== organisation
  }
  const seen = new Map<string, ScoreEvidence>()
  for (const one of evidence) {
    if (one.day > day || (one.kind === 'good' && !counts(one.source))) continue
    const known = seen.get(one.hash)
    if (known === undefined || before(one, known)) seen.set(one.hash, one)
  }
  return [...seen.values()].sort((a, b) => (before(a, b) ? -1 : 1))
}

/** A total order, so that two readings of one hash come to the same. */
function before(a: ScoreEvidence, b: ScoreEvidence): boolean {
  if (a.day !== b.day) return a.day < b.day
  if (a.hash !== b.hash) return a.hash < b.hash
  return a.kind !== b.kind ? a.kind < b.kind : a.source < b.source
}

class Sums {
  readonly #good = new Map<string, bigint>()
  #distrust = 0n
  #ok = 0n
  #bad = 0n

  /** One day later, with what happened on it. */
  next(today: readonly ScoreEvidence[]): void {
    for (const [source, sum] of this.#good) this.#good.set(source, decayed(sum, decayPerDay.good))
    this.#distrust = decayed(this.#distrust, decayPerDay.bad)
    this.#ok = decayed(this.#ok, decayPerDay.reliability)
    this.#bad = decayed(this.#bad, decayPerDay.reliability)
    const goodToday = new Map<string, number>()
    let acks = 0
    for (const { kind, source } of today) {
      const { distrust, reliability } = weights[kind]
      if (kind === 'good') goodToday.set(source, (goodToday.get(source) ?? 0) + 1)
      if (kind === 'missing_ack') acks++
      this.#distrust += BigInt(distrust) * MICRO
      if (reliability === 'ok') this.#ok += MICRO
      if (reliability === 'bad') this.#bad += MICRO
    }
    this.#distrust += BigInt(Math.max(0, acks - EXCUSED_ACKS) * weights.minor.distrust) * MICRO
    for (const [source, count] of goodToday) {
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

/** What is left of a sum one day later. */
export function decayed(sum: bigint, perDay: bigint): bigint {
  return (sum * perDay) >> SCALE
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explainScore } from './explain-score.ts'
import { scoreDays } from './score-days.ts'
import type { ScoreEvidence, ScoreInput } from './score-evidence.ts'
import { type EvidenceKind, evidenceKinds, NEWCOMER, RISE_PER_DAY } from './score-table.ts'
import { scoreBasis } from './score-tally.ts'
import { nextTier, trustScore } from './trust-score.ts'

const FIRST = 20_000
const trusted = ['self', 'did:a', 'did:b', 'did:c', 'did:d']
const sources = new Map(trusted.slice(1).map((did, at) => [did, { score: 800, organisation: `house ${at}` }]))

let made = 0
const one = (day: number, kind: EvidenceKind, source = 'self'): ScoreEvidence => ({
  hash: `evidence ${String(++made).padStart(9, '0')}`,
  day: FIRST + day - 1,
  kind,
  source,
})

/** Five good calls a day from each source, from day 1 to a last one, and whatever else. */
function honest(days: number, from: readonly string[] = trusted, also: readonly ScoreEvidence[] = []): ScoreEvidence[] {
  const all: ScoreEvidence[] = [...also]
  for (let day = 1; day <= days; day++)
    for (const source of from) for (let n = 0; n < 5; n++) all.push(one(day, 'good', source))
  return all
}

function input(evidence: readonly ScoreEvidence[], day: number, over: Partial<ScoreInput> = {}): ScoreInput {
  return { day: FIRST + day - 1, organisation: 'own house', pinned: true, evidence, sources, ...over }
}

const scoreOn = (evidence: readonly ScoreEvidence[], day: number, over: Partial<ScoreInput> = {}) =>
  trustScore(input(evidence, day, over)).score

describe('the score of a kernel that behaves', () => {
  it.each([
    [1, 200],
    [7, 440],
    [14, 720],
    [60, 733],
  ])('is, on day %i with only own experience, %i', (day, expected) => {
    expect(scoreOn(honest(day, ['self']), day)).toBe(expected)
  })

  it.each([
    [14, 720],
    [21, 927],
    [60, 927],
  ])('is, on day %i with five trusted sources, %i', (day, expected) => {
    expect(scoreOn(honest(day), day)).toBe(expected)
  })

  it.each([
    [100, 923, 1],
    [5, 852, 4],
  ])('falls a little with one call in %i that is not answered', (every, expected, tolerance) => {
    const all = honest(60).map((evidence, at) =>
      at % every === 0 ? one(evidence.day - FIRST + 1, 'timeout') : evidence,
    )
    expect(Math.abs(scoreOn(all, 60) - expected)).toBeLessThanOrEqual(tolerance)
  })

  it.each([
    [120, 927],
    [180, 908],
    [365, 448],
  ])('fades when it is idle after day 60: on day %i it is %i', (day, expected) => {
    expect(Math.abs(scoreOn(honest(60), day) - expected)).toBeLessThanOrEqual(2)
  })

  it('begins at the newcomer, with nothing known', () => {
    expect(trustScore(input([], 5))).toMatchObject({ score: NEWCOMER, tier: 'probation' })
  })
})

describe('the score of a kernel that does not', () => {
  it.each([
    [60, 637],
    [180, 720],
  ])('is, on day %i after one high violation on day 60, %i', (day, expected) => {
    expect(Math.abs(scoreOn(honest(day, trusted, [one(60, 'high')]), day) - expected)).toBeLessThanOrEqual(1)
  })

  it('is 0 with critical evidence for as long as its case is open, and then what is left', () => {
    const proof = one(60, 'critical')
    const evidence = honest(180, trusted, [proof])
    expect(trustScore(input(evidence, 60))).toMatchObject({ score: 0, tier: 'blocked', held: true })
    expect(scoreOn(evidence, 180)).toBe(0)
    const released = { released: new Set([proof.hash]) }
    expect(Math.abs(scoreOn(evidence, 60, released) - 329)).toBeLessThanOrEqual(1)
    expect(Math.abs(scoreOn(evidence, 180, released) - 432)).toBeLessThanOrEqual(1)
  })

  it.each([
    [60, 498],
    [120, 364],
    [365, 228],
  ])('sinks with one high violation every 30 days: on day %i it is %i', (day, expected) => {
    const violations = Array.from({ length: Math.floor(day / 30) }, (_, n) => one(30 * (n + 1), 'high'))
    expect(Math.abs(scoreOn(honest(day, trusted, violations), day) - expected)).toBeLessThanOrEqual(4)
  })

  it('is not below 700 for long because two acknowledgements went missing in a day, and the third costs integrity', () => {
    const acks = (count: number) => Array.from({ length: count }, () => one(60, 'missing_ack'))
    const without = trustScore(input(honest(60), 60))
    const excused = trustScore(input(honest(60, trusted, acks(2)), 60))
    const third = trustScore(input(honest(60, trusted, acks(3)), 60))
    expect(excused.integrity).toBe(without.integrity)
    expect(excused.reliability).toBeLessThan(without.reliability)
    expect(third.integrity).toBeLessThan(excused.integrity)
  })
})

describe('mallory', () => {
  it('gains nothing by ten thousand calls in a day', () => {
    const flood = Array.from({ length: 10_000 }, () => one(1, 'good'))
    const few = Array.from({ length: 5 }, () => one(1, 'good'))
    expect(trustScore(input(flood, 2)).integrity).toBe(trustScore(input(few, 2)).integrity)
  })

  it.each([10, 1_000, 100_000])('gains nothing by %i kernels of its own that trade with it and praise it', (count) => {
    const ring = Array.from({ length: count }, (_, n) => `did:sybil:${n}`)
    const evidence = ring.slice(0, 10_000).map((source) => one(10, 'good', source))
    const known = new Map([...sources, ...ring.map((did) => [did, { score: 200, organisation: 'mallory' }] as const)])
    const endorsements = ring.map((hash) => ({ score: 200, organisation: 'mallory', endorsed: 1000, hash }))
    expect(scoreOn(evidence, 10, { sources: known, endorsements })).toBe(NEWCOMER)
  })

  it('gains nothing by fifty trusted kernels of its own house', () => {
    const ring = Array.from({ length: 50 }, (_, n) => `did:house:${n}`)
    const evidence = honest(60, ring)
    const known = new Map(ring.map((did) => [did, { score: 900, organisation: 'own house' }]))
    const endorsements = ring.map((hash) => ({ score: 900, organisation: 'own house', endorsed: 1000, hash }))
    expect(scoreOn(evidence, 60, { sources: known, endorsements })).toBe(NEWCOMER)
  })

  it('gains at most 140 by one trusted kernel that it holds', () => {
    const endorsements = [{ score: 850, organisation: 'caught', endorsed: 1000, hash: 'x' }]
    expect(scoreOn([], 1, { endorsements })).toBe(340)
    const many = Array.from({ length: 50 }, (_, n) => ({
      score: 1000,
      organisation: `${n}`,
      endorsed: 1000,
      hash: `${n}`,
    }))
    expect(scoreOn([], 1, { endorsements: many })).toBe(NEWCOMER + 150)
  })

  it('is not worth more under a free key than its ceiling, whatever it earns', () => {
    expect(trustScore(input(honest(60), 60, { pinned: false }))).toMatchObject({ score: 499, ceiling: 499 })
  })

  it('does not come back by a new identity sooner than by behaving', () => {
    expect(scoreOn([], 61)).toBeLessThan(329)
  })

  it('loses a vouched standing with the first grave event under it, and a vouch is for no more than 899', () => {
    const vouches = [{ standing: 1000, from: FIRST, until: FIRST + 100, hash: 'v' }]
    expect(trustScore(input([], 10, { vouches }))).toMatchObject({ score: 899, vouched: 899 })
    expect(scoreOn([], 101, { vouches })).toBe(NEWCOMER)
    expect(scoreOn([one(5, 'high')], 10, { vouches })).toBeLessThanOrEqual(NEWCOMER)
    const under = { vouches: [{ standing: 700, from: FIRST + 8, until: FIRST + 100, hash: 'w' }] }
    expect(scoreOn([one(5, 'high')], 10, under)).toBe(700)
  })
})

describe('a score', () => {
  const evidence = fc.array(
    fc.record({
      hash: fc.integer({ min: 0, max: 200 }).map((n) => `h${n}`),
      day: fc.integer({ min: FIRST, max: FIRST + 40 }),
      kind: fc.constantFrom(...evidenceKinds),
      source: fc.constantFrom(...trusted, 'did:stranger'),
    }),
    { maxLength: 60 },
  )
  /** Distinct, so that what is added or left out is exactly that. */
  const distinct = evidence.map((all) => all.map((each, at) => ({ ...each, hash: `${each.hash} ${at}` })))

  it('does not depend on the order in which the evidence arrived', () => {
    fc.assert(
      fc.property(evidence, fc.nat(), (all, seed) => {
        const shuffled = [...all].sort(
          (a, b) => ((a.day * 31 + seed) % 7) - ((b.day * 31 + seed) % 7) || (seed % 2 ? 1 : -1),
        )
        expect(JSON.stringify(explainScore(scoreBasis(input(shuffled, 41))))).toBe(
          JSON.stringify(explainScore(scoreBasis(input(all, 41)))),
        )
      }),
    )
  })

  it('is a whole number from 0 to 1000, and rises no faster than its limit', () => {
    fc.assert(
      fc.property(evidence, (all) => {
        const days = scoreDays(scoreBasis(input(all, 41)))
        for (const [at, { published }] of days.entries()) {
          expect(Number.isInteger(published) && published >= 0 && published <= 1000).toBe(true)
          expect(published - (days[at - 1]?.published ?? NEWCOMER)).toBeLessThanOrEqual(RISE_PER_DAY)
        }
      }),
    )
  })

  it('rises no faster than its limit back to where everybody begins, by the first good calls after a bad one', () => {
    const late = [one(13, 'good'), one(13, 'good')]
    const days = scoreDays(scoreBasis(input([one(1, 'medium'), ...late], 16))).map(({ published }) => published)
    expect(days[12]).toBe((days[11] ?? 0) + RISE_PER_DAY)
    expect(Math.max(...days)).toBeLessThanOrEqual(NEWCOMER + RISE_PER_DAY)
  })

  it('never rises by something bad, and never falls by something good', () => {
    const bad = fc.constantFrom<EvidenceKind>('timeout', 'missing_ack', 'minor', 'medium', 'high', 'critical')
    fc.assert(
      fc.property(
        distinct,
        bad,
        fc.integer({ min: 1, max: 41 }),
        fc.integer({ min: 1, max: 50 }),
        (all, kind, day, on) => {
          const before = scoreOn(all, on)
          expect(scoreOn([...all, one(day, kind)], on)).toBeLessThanOrEqual(before)
          expect(scoreOn([...all, one(day, 'good')], on)).toBeGreaterThanOrEqual(before)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('explains itself: what it lists is what it was made of', () => {
    const all = [...honest(3, ['self']), one(3, 'high'), one(3, 'good', 'did:stranger')]
    const explained = explainScore(scoreBasis(input(all, 13)))
    expect(explained.contributions[0]).toMatchObject({
      kind: 'high',
      rule: expect.stringContaining('inclusion promise'),
    })
    expect(explained.contributions.find(({ kind }) => kind === 'good')).toMatchObject({ day: FIRST + 2, count: 5 })
    expect(explained.contributions[0]?.distrust).toBeGreaterThan(95_000_000)
    expect(explained.contributions[0]?.distrust).toBeLessThan(100_000_000)
  })
})

describe('a tier', () => {
  it('changes once when the score swings around its threshold', () => {
    const walk = [690, 702, 698, 701, 680, 700, 676]
    let tier = nextTier('blocked', walk[0] ?? 0)
    const seen = walk.map((score) => {
      tier = nextTier(tier, score)
      return tier
    })
    expect(new Set(seen.slice(1))).toEqual(new Set(['trusted']))
    expect(nextTier('trusted', 674)).toBe('trusted_reader')
  })

  it('falls as far as the score does, at once', () => {
    expect(nextTier('trusted', 120)).toBe('blocked')
    expect(nextTier('trusted', 310)).toBe('reader')
  })
})

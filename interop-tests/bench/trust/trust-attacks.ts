/**
 * What an attacker gains, in points, under our score, under a plain average and under EigenTrust, on the same calls. Twenty
 * honest kernels trade with each other for sixty days; four of them are trusted sources of ours.
 */
import { type Endorsement, type ScoreEvidence, type ScoreInput, type ScoreSource, trustScore } from '@hansa/trust/score'
import { eigenTrust } from './eigen-trust.ts'
import { plainAverage } from './plain-average.ts'
import type { Rating } from './rating.ts'

export type TrustAttack = {
  name: string
  /** What it takes, in words. */
  cost: string
  /** Points that the attacker gains, or with slander that the victim loses. */
  gain: number
  plainAverageGain: number
  eigenTrustGain: number
}

const FIRST = 20_000
const DAYS = 60
const honest = ['self', ...Array.from({ length: 20 }, (_, n) => `honest ${n}`)]
const partners = honest.slice(1, 5)
const sources = new Map<string, ScoreSource>(partners.map((name) => [name, { score: 850, organisation: name }]))
/** Calls that each honest kernel made with each other one, all well. */
const trade: readonly Rating[] = honest.flatMap((from) =>
  honest.filter((to) => to !== from).map((to) => ({ from, to, good: 5 * DAYS, bad: 0 })),
)
const eigen = eigenTrust({ preTrusted: ['self', ...partners] })

/** What is known of one kernel: what our score is made of, and the same as ratings. */
type View = {
  target: string
  evidence?: readonly ScoreEvidence[]
  endorsements?: readonly Endorsement[]
  ratings?: readonly Rating[]
  released?: ReadonlySet<string>
  /** @default the last of the days */
  day?: number
}

type Points = { ours: number; average: number; eigen: number }

function pointsOf({ target, evidence = [], endorsements = [], ratings = [], released, day = DAYS }: View): Points {
  const input: ScoreInput = {
    day: FIRST + day - 1,
    organisation: target,
    pinned: true,
    evidence,
    sources,
    endorsements,
    ...(released === undefined ? {} : { released }),
  }
  const all = [...trade, ...ratings]
  return { ours: trustScore(input).score, average: plainAverage(target, all), eigen: eigen(target, all) }
}

function gained(name: string, cost: string, before: Points, after: Points): TrustAttack {
  return {
    name,
    cost,
    gain: after.ours - before.ours,
    plainAverageGain: after.average - before.average,
    eigenTrustGain: after.eigen - before.eigen,
  }
}

let made = 0
function evidenceOf(kind: ScoreEvidence['kind'], day: number, source: string, count = 1): ScoreEvidence[] {
  return Array.from({ length: count }, () => ({ hash: `e${++made}`, day: FIRST + day - 1, kind, source }))
}

/** Sixty days of good calls with us and with our trusted sources. */
function goodDays(): ScoreEvidence[] {
  const from = ['self', ...partners]
  return Array.from({ length: DAYS }, (_, n) => from.flatMap((source) => evidenceOf('good', n + 1, source, 5))).flat()
}

/** Kernels that mallory makes praise each other and it. Two honest ones are pleased with it, and ten are not. */
function sybilRing(size: number): TrustAttack {
  const target = 'mallory'
  const pleased = ['honest 7', 'honest 8'].map((from): Rating => ({ from, to: target, good: 300, bad: 0 }))
  const edges = [...pleased, ...honest.slice(10, 20).map((from): Rating => ({ from, to: target, good: 0, bad: 300 }))]
  const ring = Array.from({ length: size }, (_, n): Rating[] => [
    { from: `sybil ${n}`, to: target, good: 50, bad: 0 },
    { from: target, to: `sybil ${n}`, good: 50, bad: 0 },
  ]).flat()
  const evidence = ring.slice(0, 20_000).flatMap(({ from }) => evidenceOf('good', DAYS, from))
  const endorsements = Array.from({ length: size }, (_, n) => ({
    score: 200,
    organisation: `sybil ${n}`,
    endorsed: 1000,
    hash: `s${n}`,
  }))
  const before = pointsOf({ target, ratings: edges })
  const after = pointsOf({ target, ratings: [...edges, ...ring], evidence, endorsements })
  return gained(`sybil ring of ${size.toLocaleString('en')}`, `${size.toLocaleString('en')} keys`, before, after)
}

function whitewash(): TrustAttack {
  const ratings = [...honest.map((from) => ({ from, to: 'mallory', good: 300, bad: 1 }))]
  const before = pointsOf({
    target: 'mallory',
    evidence: [...goodDays(), ...evidenceOf('high', DAYS, 'self')],
    ratings,
  })
  return gained('whitewash after one high violation', 'one key', before, pointsOf({ target: 'mallory again', ratings }))
}

function whitewashAfterFork(): TrustAttack {
  const ratings = [...honest.map((from) => ({ from, to: 'mallory', good: 300, bad: 1 }))]
  const evidence = [...goodDays(), ...evidenceOf('critical', DAYS, 'self')]
  const before = pointsOf({ target: 'mallory', evidence, ratings })
  return gained('whitewash after a proven fork', 'one key', before, pointsOf({ target: 'mallory again', ratings }))
}

/** What is left of a good name after it was used: beside a newcomer, the day after ten grave violations. */
function onOff(): TrustAttack {
  const evidence = [...goodDays(), ...evidenceOf('high', DAYS, 'self', 10)]
  const ratings = ['self', ...partners].map((from) => ({
    from,
    to: 'mallory',
    good: 300,
    bad: from === 'self' ? 10 : 0,
  }))
  const before = pointsOf({ target: 'mallory' })
  return gained(
    'on-off: 60 good days, then 10 violations',
    '60 days',
    before,
    pointsOf({ target: 'mallory', evidence, ratings, day: DAYS + 1 }),
  )
}

/** Sixty good days on which every day also brings one of these: what mallory gains beside a kernel that keeps to the rules. */
function dailyOffence(name: string, kind: ScoreEvidence['kind']): TrustAttack {
  const from = ['self', ...partners]
  const ratings = (bad: number) => from.map((by) => ({ from: by, to: 'mallory', good: 300, bad }))
  const offences = Array.from({ length: DAYS }, (_, n) => evidenceOf(kind, n + 1, 'self')).flat()
  const before = pointsOf({ target: 'mallory', evidence: goodDays(), ratings: ratings(0) })
  const evidence = [...goodDays(), ...offences]
  const after = pointsOf({ target: 'mallory', evidence, ratings: ratings(DAYS / from.length) })
  return gained(name, '60 days', before, after)
}

function ballotStuffing(): TrustAttack {
  const evidence = evidenceOf('good', DAYS - 1, 'self', 10_000)
  const ratings = [{ from: 'self', to: 'mallory', good: 10_000, bad: 0 }]
  return gained(
    'ballot stuffing: 10,000 calls in a day',
    '10,000 calls',
    pointsOf({ target: 'mallory' }),
    pointsOf({ target: 'mallory', evidence, ratings }),
  )
}

/** Points that an honest kernel loses. */
function slander(): TrustAttack {
  const target = 'honest 9'
  const evidence = goodDays()
  const before = pointsOf({ target, evidence })
  const ratings = Array.from({ length: 500 }, (_, n) => ({ from: `liar ${n}`, to: target, good: 0, bad: 50 }))
  const after = pointsOf({ target, evidence, ratings })
  return gained('slander by 500 kernels without proof', '500 keys', after, before)
}

function compromisedEndorser(): TrustAttack {
  const [thief = ''] = partners
  const ratings = [{ from: thief, to: 'mallory', good: 10_000, bad: 0 }]
  const endorsements = [{ score: 850, organisation: thief, endorsed: 1000, hash: 'praise' }]
  return gained(
    'one trusted kernel that mallory holds',
    'one trusted kernel',
    pointsOf({ target: 'mallory' }),
    pointsOf({ target: 'mallory', endorsements, ratings }),
  )
}

export type TrustAttacksInit = {
  /** Kernels in the rings. @default 10, 1,000 and 100,000 */
  rings?: readonly number[]
  /** Told the name of each before it begins. */
  progress?(name: string): void
}

export function trustAttacks({ rings = [10, 1_000, 100_000], progress }: TrustAttacksInit = {}): TrustAttack[] {
  const attacks = [
    ...rings.map((size) => [`sybil ring of ${size}`, () => sybilRing(size)] as const),
    ['whitewash', whitewash] as const,
    ['whitewash after a fork', whitewashAfterFork] as const,
    ['on-off', onOff] as const,
    ['wrong labels', () => dailyOffence('a wrong label a day, for 60 good days', 'minor')] as const,
    ['replays', () => dailyOffence('a signed replay a day, for 60 good days', 'high')] as const,
    ['ballot stuffing', ballotStuffing] as const,
    ['slander', slander] as const,
    ['a trusted kernel that mallory holds', compromisedEndorser] as const,
  ]
  return attacks.map(([name, run]) => {
    progress?.(name)
    return run()
  })
}

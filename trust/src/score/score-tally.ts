/**
 * What the score is computed from: how much of each kind of evidence there is for each day. However many calls there were,
 * it is one small record a day, and the order in which they came makes no difference.
 */
import type { Endorsement, ScoreEvidence, ScoreInput, Vouch } from './score-evidence.ts'
import { type EvidenceKind, evidenceKinds, SOURCE_SCORE } from './score-table.ts'

export type DayTally = {
  readonly counts: Readonly<Record<EvidenceKind, number>>
  /** Good calls by source. */
  readonly good: ReadonlyMap<string, number>
  /** Critical evidence whose case is open. */
  readonly open: number
}

/** When something happened that ends vouches. */
export type Moment = { day: number; at?: number }

/** As `ScoreInput`, with the evidence counted. */
export type ScoreBasis = {
  day: number
  organisation: string
  pinned: boolean
  days: ReadonlyMap<number, DayTally>
  /** High and critical evidence. */
  graves: readonly Moment[]
  endorsements: readonly Endorsement[]
  vouches: readonly Vouch[]
}

export function scoreBasis(input: ScoreInput): ScoreBasis {
  const { day, organisation, pinned, endorsements = [], vouches = [], released } = input
  const counted = countedEvidence(input)
  const days = new Map<number, DayTally>()
  for (const [at, ofDay] of Map.groupBy(counted, (one) => one.day)) {
    const good = new Map<string, number>()
    const counts = noCounts()
    for (const { kind, source } of ofDay) {
      counts[kind] += 1
      if (kind === 'good') good.set(source, (good.get(source) ?? 0) + 1)
    }
    const open = ofDay.filter(({ kind, hash }) => kind === 'critical' && released?.has(hash) !== true).length
    days.set(at, { counts, good, open })
  }
  return { day, organisation, pinned, days, graves: counted.filter(isGrave), endorsements, vouches }
}

export function noCounts(): Record<EvidenceKind, number> {
  return Object.fromEntries(evidenceKinds.map((kind) => [kind, 0])) as Record<EvidenceKind, number>
}

export function isGrave({ kind }: { kind: EvidenceKind }): boolean {
  return kind === 'high' || kind === 'critical'
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

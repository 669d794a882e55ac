/** What a score follows from, with what endorsers are worth in the same log: one step deep. */
import type { Did } from '@hansa/protocols'
import type { ScoreBasis } from './score-tally.ts'
import { scoreOf } from './trust-score.ts'

type Bases = { basis(peer: Did, day: number, scoreOfEndorser?: (did: Did) => number): ScoreBasis }

export function basisWithEndorsers(log: Bases, peer: Did, day: number): ScoreBasis {
  return log.basis(peer, day, (endorser) => ownScore(log, endorser, day))
}

/** What a kernel is worth by what it did here and by who vouches for it, and not by what others say of it. */
export function ownScore(log: Bases, peer: Did, day: number): number {
  return scoreOf({ ...log.basis(peer, day), endorsements: [] }).score
}

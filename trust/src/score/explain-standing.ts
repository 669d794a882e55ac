/** The explanation of a score, from the log of the kernel that gives it. */
import type { Did, StandingExplanation } from '@hansa/protocols'
import { basisWithEndorsers } from './basis-with-endorsers.ts'
import { DAY_MS } from './day.ts'
import { type EvidenceLog, inputsHash, type RecordedVouch } from './evidence-log.ts'
import { explainScore } from './explain-score.ts'

export type ExplainStandingInit = {
  /** The kernel whose log it is. */
  by: Did
  of: Did
  /** Days since 1970, UTC. */
  day: number
}

export function explainStanding(log: EvidenceLog, { by, of, day }: ExplainStandingInit): StandingExplanation {
  const basis = basisWithEndorsers(log, of, day)
  const { contributions, leftOut, endorsements, line, day: _day, ...score } = explainScore(basis)
  return {
    v: 1,
    by,
    of,
    day: dateOf(day),
    ...score,
    pinned: basis.pinned,
    inputs: inputsHash(of, basis),
    today: log.goodOn(of, day),
    contributions: contributions.map(({ day: on, ...rest }) => ({
      day: dateOf(on),
      ...rest,
      evidence: [...log.referencesOf(of, on, rest.kind)],
    })),
    leftOut,
    vouches: log
      .vouchesFor(of)
      .filter(({ from }) => from <= day)
      .map(told),
    endorsements,
    line: line.map(({ day: on, score: total, tier, integrity, reliability, raw, own }) => {
      return { day: dateOf(on), score: total, tier, integrity, reliability, raw, own }
    }),
  }
}

function told({ from, until, ...vouch }: RecordedVouch): StandingExplanation['vouches'][number] {
  return { ...vouch, from: dateOf(from), ...(until === undefined ? {} : { until: dateOf(until) }) }
}

/** YYYY-MM-DD. */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

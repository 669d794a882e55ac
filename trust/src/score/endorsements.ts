/**
 * What other kernels' scores add: personalised, one step deep, the best of each organisation, and never more than a cap.
 * However many there are of one organisation, or of kernels that are not trusted, they add nothing more (security.md B9).
 */
import type { Endorsement } from './score-evidence.ts'
import { ENDORSEMENT_CAP, ENDORSEMENTS, ENDORSER_BASE, MAX_SCORE, NEWCOMER, SOURCE_SCORE } from './score-table.ts'

export type CountedEndorsement = { hash: string; organisation: string; points: number }

/** @param organisation of the one who is endorsed: its own house does not count. */
export function countEndorsements(
  endorsements: readonly Endorsement[],
  organisation: string,
): { points: number; counted: CountedEndorsement[] } {
  const best = new Map<string, CountedEndorsement>()
  for (const { score, organisation: of, endorsed, hash } of endorsements) {
    if (score < SOURCE_SCORE || of === organisation) continue
    const points = Math.floor(
      ((Math.min(score, MAX_SCORE) - ENDORSER_BASE) * (Math.min(endorsed, MAX_SCORE) - NEWCOMER)) / MAX_SCORE,
    )
    const known = best.get(of)
    if (points > 0 && (known === undefined || better({ hash, points }, known)))
      best.set(of, { hash, organisation: of, points })
  }
  const counted = [...best.values()].sort((a, b) => (better(a, b) ? -1 : 1)).slice(0, ENDORSEMENTS)
  const halved = counted.map((one, at) => ({ ...one, points: Math.floor(one.points / 2 ** (at + 1)) }))
  const sum = halved.reduce((total, { points }) => total + points, 0)
  return { points: Math.min(ENDORSEMENT_CAP, sum), counted: halved }
}

function better(a: { hash: string; points: number }, b: { hash: string; points: number }): boolean {
  return a.points !== b.points ? a.points > b.points : a.hash < b.hash
}

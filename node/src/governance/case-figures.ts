/** What figures say of cases: how many wait, for whom, and how long that may take. */
import type { CaseView } from '@hansa/protocols'

export type CaseFigures = {
  /** By state, without those that are final. */
  cases: Record<string, number>
  /** Seconds to the nearest deadline, by state. */
  caseDue: Record<string, number>
  casesLate: number
}

/** @param now Unix seconds */
export function caseFigures(views: readonly Pick<CaseView, 'state' | 'due' | 'missed'>[], now: number): CaseFigures {
  const figures: CaseFigures = { cases: {}, caseDue: {}, casesLate: 0 }
  for (const { state, due, missed } of views) {
    if (state === 'final') continue
    figures.cases[state] = (figures.cases[state] ?? 0) + 1
    if (due !== null) figures.caseDue[state] = Math.min(figures.caseDue[state] ?? Number.POSITIVE_INFINITY, due - now)
    if (missed.length > 0) figures.casesLate++
  }
  return figures
}

import { describe, expect, it } from 'vitest'
import { caseFigures } from './case-figures.ts'

describe('figures of cases', () => {
  it('count those that are not final by state, and say how near the nearest deadline of each state is', () => {
    const figures = caseFigures(
      [
        { state: 'open', due: 1_500, missed: [] },
        { state: 'open', due: 1_200, missed: [] },
        { state: 'triage', due: null, missed: ['decision'] },
        { state: 'final', due: null, missed: ['appeal'] },
      ],
      1_000,
    )
    expect(figures).toEqual({ cases: { open: 2, triage: 1 }, caseDue: { open: 200 }, casesLate: 1 })
  })

  it('are empty where there is no case', () => {
    expect(caseFigures([], 0)).toEqual({ cases: {}, caseDue: {}, casesLate: 0 })
  })
})

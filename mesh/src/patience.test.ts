import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Patience, type PatienceSettings } from './patience.ts'

const settings: PatienceSettings = { refusals: 3, perSecond: 1, firstMs: 250, longestMs: 1_000 }
const patience = () => new Patience(settings, 0)
/** The waits of so many refusals, each after the wait of the one before. */
function waits(one: Patience, count: number, fromMs = 0): number[] {
  let now = fromMs
  return Array.from({ length: count }, () => {
    const waitMs = one.refused(now)
    now += waitMs
    return waitMs
  })
}

describe(Patience, () => {
  it('lets some refusals pass, and then makes each wait twice as long as the one before', () => {
    expect(waits(patience(), 7)).toEqual([0, 0, 0, 250, 500, 1_000, 0])
  })

  it('has all of it again after a time without refusals, and begins with the first wait', () => {
    const one = patience()
    waits(one, 20)
    // Not as soon as one refusal would be free again.
    expect([0, 1_500, 60_000].map((now) => one.isSpent(now))).toEqual([true, true, false])
    expect(waits(one, 4, 60_000)).toEqual([0, 0, 0, 250])
  })

  it('never makes wait who is refused no oftener than it regains', () => {
    const one = patience()
    expect(Array.from({ length: 100 }, (_, second) => one.refused(second * 1_000))).not.toContainEqual(250)
  })

  it('admits mallory, who comes back at the end of each wait, no oftener than it regains in the long run', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 50, maxLength: 400 }), (delays) => {
        const one = patience()
        let now = 0
        for (const delayMs of delays) now += one.refused(now) + delayMs
        // Besides what it had at first: one for each second, and those before the waits were as long as they get.
        expect(delays.length).toBeLessThanOrEqual(settings.refusals + (2 * now) / 1_000 + 4)
      }),
    )
  })

  it('makes sooner wait for what costs more', () => {
    const one = patience()
    expect([one.refused(0, 2), one.refused(0, 2), one.refused(0)]).toEqual([0, 250, 0])
  })

  it('takes a clock that steps back for one that stands', () => {
    const one = new Patience(settings, 10_000)
    waits(one, 3, 10_000)
    expect(one.refused(0)).toBe(250)
  })
})

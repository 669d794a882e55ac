import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { REPLAY_WINDOW, ReplayWindow } from './replay-window.ts'

describe('a replay window', () => {
  it('takes each counter once, in any order inside the window', () => {
    const window = new ReplayWindow()
    for (const ctr of [3, 1, 2, 5, 4]) expect(window.take(ctr)).toBe(true)
    for (const ctr of [1, 2, 3, 4, 5]) expect(window.take(ctr)).toBe(false)
    expect(window.highest).toBe(5)
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %s, which is no counter', (ctr) => {
    expect(new ReplayWindow().take(ctr)).toBe(false)
  })

  it('counts what is older than the window as used', () => {
    const window = new ReplayWindow()
    window.take(REPLAY_WINDOW + 10)
    expect(window.isFresh(11)).toBe(true)
    expect(window.isFresh(10)).toBe(false)
  })

  it('does not use a counter by asking for it', () => {
    const window = new ReplayWindow()
    expect(window.isFresh(7)).toBe(true)
    expect(window.take(7)).toBe(true)
  })

  it('forgets nothing that is inside the window when the highest counter jumps', () => {
    const window = new ReplayWindow()
    window.take(1)
    window.take(REPLAY_WINDOW)
    expect(window.take(1)).toBe(false)
    window.take(2 ** 40)
    expect(window.take(2 ** 40 - REPLAY_WINDOW + 1)).toBe(true)
    expect(window.take(2 ** 40 - REPLAY_WINDOW)).toBe(false)
  })

  it('agrees with a set of everything that was taken', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 3 * REPLAY_WINDOW })), {
      maxLength: 300,
    })
    fc.assert(
      fc.property(steps, (counters) => {
        const window = new ReplayWindow()
        const taken = new Set<number>()
        let highest = 0
        for (const ctr of counters) {
          const expected = ctr > highest - REPLAY_WINDOW && !taken.has(ctr)
          expect(window.take(ctr)).toBe(expected)
          if (expected) taken.add(ctr)
          highest = Math.max(highest, expected ? ctr : 0)
        }
      }),
    )
  })
})

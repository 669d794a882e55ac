import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { livenessAt } from './liveness.ts'

const facts = { withdrawn: false, expires: 1_090, manifestExp: 5_000 }
const limits = { deadAfterSeconds: 600 }

describe(livenessAt, () => {
  it.each([
    [1_000, 'alive'],
    [1_089, 'alive'],
    [1_090, 'unreachable'],
    [1_689, 'unreachable'],
    [1_690, 'dead'],
  ] as const)('at %i is %s', (now, state) => {
    expect(livenessAt(facts, now, limits)).toBe(state)
  })

  it('is dead with its manifest, however lately it was heard', () => {
    expect(livenessAt({ ...facts, expires: 9_000, manifestExp: 1_050 }, 1_050, limits)).toBe('dead')
  })

  it('is withdrawn for good', () => {
    expect(livenessAt({ ...facts, withdrawn: true }, 0, limits)).toBe('withdrawn')
  })

  it('never comes back by itself', () => {
    const order = ['alive', 'unreachable', 'dead']
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), fc.nat(5_000), fc.nat(20_000), fc.nat(20_000), (...numbers) => {
        const [expires, manifestExp, deadAfterSeconds, one, other] = numbers
        const at = (now: number) =>
          order.indexOf(livenessAt({ withdrawn: false, expires, manifestExp }, now, { deadAfterSeconds }))
        expect(at(Math.max(one, other))).toBeGreaterThanOrEqual(at(Math.min(one, other)))
      }),
    )
  })
})

import type { DelegationLimits } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { aBegunCall, aLocalTarget } from '../testing/calls.ts'
import { mostCharge, rowsOf, whyChargeUnknown } from './charge.ts'

describe(rowsOf, () => {
  it.each<[unknown, number]>([
    [{ id: 1 }, 1],
    [null, 1],
    ['a text', 1],
    [[], 1],
    [[1, 2, 3], 3],
    [{ rows: [{ n: 1 }, { n: 2 }] }, 2],
    [{ rows: [{ n: 1 }], more: [{ n: 1 }, { n: 2 }] }, 3],
    [{ tags: ['a', 'b'] }, 1],
    [[{ inner: [{ n: 1 }, { n: 2 }] }], 3],
    ['[{"n":1},{"n":2}]', 2],
    ['{"rows":[{"n":1},{"n":2},{"n":3}]}', 3],
    ['[not json', 1],
  ])('of %j are %i', (value, rows) => {
    expect(rowsOf(value)).toBe(rows)
  })
})

describe(mostCharge, () => {
  it('is bounded by the capability, by the rules and by the token', () => {
    const target = aLocalTarget({ limits: { max_rows: 100 } })
    const call = aBegunCall({ target })
    expect(mostCharge(call).rows).toBe(100)
    expect(mostCharge({ ...call, obligations: { ...call.obligations, maxRows: 20 } }).rows).toBe(20)
    expect(mostCharge({ ...call, grant: { maxRows: 5 } }).rows).toBe(5)
  })

  it('is what the operator says that a call costs, and nothing for an outcome that is repeated', () => {
    const cost = { tokens: 3, money: { currency: 'EUR', minor: 25 } }
    const call = aBegunCall({ target: aLocalTarget({ cost }) })
    expect(mostCharge(call)).toMatchObject(cost)
    const repeat = { callId: 'C'.repeat(22), result: undefined }
    expect(mostCharge({ ...call, repeat })).toEqual({ rows: Number.MAX_SAFE_INTEGER, tokens: 0 })
  })
})

describe(whyChargeUnknown, () => {
  const why = (lim: DelegationLimits, cost?: object) =>
    whyChargeUnknown(aLocalTarget(cost === undefined ? {} : { cost }), [{ hash: 'h', lim }])
  const eur = (minor: number) => ({ money: { currency: 'EUR', minor } })

  it('takes no capability for free whose cost nobody has said', () => {
    expect(why({ calls: 1, rows: 1 })).toBeUndefined()
    expect(why({ tokens: 1 })).toContain('cost.tokens')
    expect(why(eur(5))).toContain('cost.money')
    expect(why(eur(5), { tokens: 1 })).toContain('cost.money')
    expect(why(eur(5), { money: { currency: 'USD', minor: 1 } })).toContain('costs USD')
    expect(why({ ...eur(5), tokens: 3 }, { ...eur(0), tokens: 0 })).toBeUndefined()
  })
})

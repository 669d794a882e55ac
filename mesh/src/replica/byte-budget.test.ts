import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import { ByteBudget } from './byte-budget.ts'

describe(ByteBudget, () => {
  it('fills up over a minute, for each source and for all of them together', () => {
    const clock = manualClock()
    const budget = new ByteBudget(clock, { perSource: 600, total: 1_000 })
    budget.spend('alice', 700)
    expect([budget.has('alice'), budget.has('bob')]).toEqual([false, true])
    clock.advance(11_000)
    expect(budget.has('alice')).toBe(true)
    budget.spend('bob', 600)
    budget.spend('carol', 600)
    expect(budget.has('dave')).toBe(false)
    clock.advance(60_000)
    expect([budget.has('bob'), budget.has('dave')]).toEqual([true, true])
  })
})

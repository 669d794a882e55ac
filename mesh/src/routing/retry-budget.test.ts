import { describe, expect, it } from 'vitest'
import { RetryBudget } from './retry-budget.ts'

const spendAll = (budget: RetryBudget, peer: string) => {
  let spent = 0
  while (spent < 10_000 && budget.spend(peer)) spent += 1
  return spent
}

describe(RetryBudget, () => {
  it('gives a peer with little traffic ten repetitions, and then one for ten calls', () => {
    const budget = new RetryBudget()
    expect(spendAll(budget, 'a')).toBe(10)
    for (let n = 0; n < 9; n++) budget.called('a')
    expect(budget.spend('a')).toBe(false)
    budget.called('a')
    // A tenth is not exact in binary: the eleventh call is certainly enough.
    budget.called('a')
    expect(spendAll(budget, 'a')).toBe(1)
  })

  it('saves up no more than its most, and gives each peer its own', () => {
    const budget = new RetryBudget()
    for (let n = 0; n < 100_000; n++) budget.called('a')
    expect(spendAll(budget, 'a')).toBe(10)
    expect(spendAll(budget, 'b')).toBe(10)
  })

  it('of nothing repeats nothing', () => {
    expect(new RetryBudget({ share: 0, most: 0 }).spend('a')).toBe(false)
  })

  it('stays small, however many peers there are', () => {
    const budget = new RetryBudget()
    for (let n = 0; n < 30_000; n++) budget.called(`peer ${n}`)
    expect(spendAll(budget, 'peer 0')).toBe(10)
  })
})

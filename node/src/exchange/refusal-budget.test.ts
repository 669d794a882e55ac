import type { Did } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { alice, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { RefusalBudget } from './refusal-budget.ts'

function budget(known: readonly Did[] = []) {
  const clock = manualClock()
  return { clock, budget: new RefusalBudget({ clock, isKnown: (did) => known.includes(did) }) }
}

/** How many of so many refusals are signed. */
function signed(refusals: RefusalBudget, count: number, who: (index: number) => Did): number {
  return Array.from({ length: count }, (_, index) => refusals.spend(who(index))).filter(Boolean).length
}

describe(RefusalBudget, () => {
  it('signs so many refusals of a peer in a minute, and again when the minute has passed', () => {
    const { clock, budget: refusals } = budget([mallory.did])
    expect(signed(refusals, 2_000, () => mallory.did)).toBe(600)
    clock.advance(61_001)
    expect(signed(refusals, 2_000, () => mallory.did)).toBe(600)
  })

  it('gives a thousand identities of mallory no more than one, and alice her own', () => {
    const { budget: refusals } = budget([alice.did])
    expect(signed(refusals, 3_000, (index): Did => `did:key:zStranger${index % 1_000}`)).toBe(600)
    expect(refusals.spend(alice.did)).toBe(true)
  })

  it('does not let mallory spend what is alice’s', () => {
    const { budget: refusals } = budget([alice.did, mallory.did])
    signed(refusals, 2_000, () => mallory.did)
    expect([refusals.spend(mallory.did), refusals.spend(alice.did)]).toEqual([false, true])
  })
})

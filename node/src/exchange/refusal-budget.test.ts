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
  return Array.from({ length: count }, (_, index) => refusals.spend(who(index), 'policy_denied')).filter(Boolean).length
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
    expect(refusals.spend(alice.did, 'policy_denied')).toBe(true)
  })

  it('does not let mallory spend what is alice’s', () => {
    const { budget: refusals } = budget([alice.did, mallory.did])
    signed(refusals, 2_000, () => mallory.did)
    expect([refusals.spend(mallory.did, 'policy_denied'), refusals.spend(alice.did, 'policy_denied')]).toEqual([
      false,
      true,
    ])
  })

  it('is spent for a stranger after sixty refusals within a minute, for that one only, and not for ever', () => {
    const { clock, budget: refusals } = budget([alice.did])
    const stranger: Did = 'did:key:zStranger'
    for (let n = 0; n < 59; n++) refusals.spend(mallory.did, 'rate_limited')
    expect(refusals.isSpent(mallory.did)).toBe(false)
    refusals.spend(mallory.did, 'policy_denied')
    expect([refusals.isSpent(mallory.did), refusals.isSpent(stranger)]).toEqual([true, false])
    clock.advance(61_001)
    expect(refusals.isSpent(mallory.did)).toBe(false)
  })

  it('takes longer for a peer that is known', () => {
    const { budget: refusals } = budget([alice.did])
    for (let n = 0; n < 599; n++) refusals.spend(alice.did, 'policy_denied')
    expect(refusals.isSpent(alice.did)).toBe(false)
    refusals.spend(alice.did, 'policy_denied')
    expect(refusals.isSpent(alice.did)).toBe(true)
  })

  it.each(['busy', 'internal', 'log_full', 'deadline', 'approval_required'] as const)(
    'is not spent by %s, which is not the doing of the peer',
    (code) => {
      const { budget: refusals } = budget()
      for (let n = 0; n < 1_000; n++) refusals.spend(mallory.did, code)
      expect(refusals.isSpent(mallory.did)).toBe(false)
    },
  )
})

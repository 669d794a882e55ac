import { manualClock } from '@hansa/protocols/testing'
import { alice, bob } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import type { Arrived, ImportedTarget } from '../kernel/stages.ts'
import { HoldOffs } from './hold-offs.ts'

const target = { kind: 'imported', peer: bob.did, alias: 'bob' } as ImportedTarget

function held() {
  const clock = manualClock(1_000_300)
  const holdOffs = new HoldOffs(clock)
  const askedNow = () => Math.floor(clock.now() / 1000)
  const tries = (principal = 'agent:one') => {
    const call = { caller: { kind: 'own', principal } } as Arrived
    return holdOffs.refusalOfTry(call, target) === undefined
  }
  return { clock, holdOffs, askedNow, tries, turnAway: () => holdOffs.turnedAway(bob.did, askedNow()) }
}

describe(HoldOffs, () => {
  it('sends nothing for a second, twice as long after each try in vain, and eight seconds at most', () => {
    const { clock, tries, turnAway } = held()
    expect(tries()).toBe(true)
    turnAway()
    for (const waitMs of [1_000, 2_000, 4_000, 8_000, 8_000]) {
      clock.advance(waitMs - 1)
      expect(tries()).toBe(false)
      clock.advance(1)
      expect(tries()).toBe(true)
      turnAway()
    }
  })

  it('lets each principal try once, and again when nothing was answered in as long', () => {
    const { clock, tries, turnAway } = held()
    turnAway()
    clock.advance(1_000)
    expect([tries(), tries(), tries('agent:two'), tries('agent:two')]).toEqual([true, false, true, false])
    clock.advance(1_000)
    expect(tries()).toBe(true)
  })

  it('ends with the first try that is answered, and begins anew with a second', () => {
    const { clock, holdOffs, askedNow, tries, turnAway } = held()
    turnAway()
    clock.advance(1_000)
    turnAway()
    clock.advance(2_000)
    holdOffs.answered(bob.did, askedNow())
    expect([tries(), tries()]).toEqual([true, true])
    clock.advance(1_000)
    turnAway()
    clock.advance(1_000)
    expect(tries()).toBe(true)
  })

  it('learns nothing from calls that were under way when it began', () => {
    const { clock, holdOffs, askedNow, tries, turnAway } = held()
    const before = askedNow()
    turnAway()
    clock.advance(999)
    holdOffs.turnedAway(bob.did, before)
    holdOffs.answered(bob.did, before)
    expect(tries()).toBe(false)
    clock.advance(1)
    expect(tries()).toBe(true)
  })

  it('says which peer is asked nothing, and touches no other', () => {
    const { holdOffs, turnAway } = held()
    turnAway()
    expect(holdOffs.refusal(target)).toEqual({
      refused: 'rate_limited',
      reason: 'bob has refused so many calls of this node that it looks at none for the moment',
      cutOff: bob.did,
    })
    expect(holdOffs.refusal({ ...target, peer: alice.did })).toBeUndefined()
  })

  it('remembers for an hour that the peer bears little', () => {
    const { clock, holdOffs, turnAway } = held()
    expect(holdOffs.bearsLittle(bob.did)).toBe(false)
    turnAway()
    clock.advance(3_599_999)
    expect(holdOffs.bearsLittle(bob.did)).toBe(true)
    clock.advance(1)
    expect(holdOffs.bearsLittle(bob.did)).toBe(false)
  })

  it('is over when the peer was asked nothing for a minute', () => {
    const { clock, tries, turnAway } = held()
    turnAway()
    clock.advance(61_000)
    expect([tries(), tries()]).toEqual([true, true])
  })

  it('is over when the clock is set back', () => {
    const clock = { now: () => nowMs, after: () => () => {} }
    let nowMs = 10_000_000
    const holdOffs = new HoldOffs(clock)
    holdOffs.turnedAway(bob.did, 10_000)
    expect(holdOffs.refusal(target)).toBeDefined()
    nowMs -= 3_600_000
    expect(holdOffs.refusal(target)).toBeUndefined()
  })
})

import type { Entry } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { TokenUses } from './token-uses.ts'

const clock = manualClock()
const now = clock.now()
const id = TokenUses.idOf('J'.repeat(22))

describe('uses', () => {
  it('are taken once each, however many ask', () => {
    const uses = new TokenUses()
    expect(Array.from({ length: 50 }, () => uses.reserve(id, 2, now)).filter(Boolean)).toHaveLength(2)
    expect(uses.left(id, 2)).toBe(false)
  })

  it('that a refused call took are there again, and never more than there were', () => {
    const uses = new TokenUses()
    uses.reserve(id, 1, now)
    uses.release(id)
    uses.release(id)
    expect([uses.reserve(id, 1, now), uses.reserve(id, 1, now)]).toEqual([true, false])
  })

  it('of one token are not those of another', () => {
    const uses = new TokenUses()
    uses.reserve(id, 1, now)
    expect(uses.reserve(TokenUses.idOf('K'.repeat(22)), 1, now)).toBe(true)
  })

  it('are remembered as long as any token lives, and not much longer', () => {
    const uses = new TokenUses()
    uses.reserve(id, 1, now)
    uses.revoke('revoked', now)
    const fill = (atMs: number) => {
      for (let other = 0; other < 20_000; other++) uses.reserve(`${atMs}-${other}`, 1, atMs)
    }
    fill(now + 3_600_000)
    expect([uses.left(id, 1), uses.isRevoked('revoked')]).toEqual([false, true])
    fill(now + 3_700_000)
    expect([uses.left(id, 1), uses.isRevoked('revoked')]).toEqual([true, false])
  })
})

describe('what is revoked', () => {
  it('is one token, or an epoch that only rises', () => {
    const uses = new TokenUses()
    uses.revoke(id, now)
    uses.setEpoch('agent:a', 2)
    uses.setEpoch('agent:a', 1)
    expect([uses.isRevoked(id), uses.epochOf('agent:a'), uses.epochOf('agent:b')]).toEqual([true, 2, 0])
  })
})

describe('after a restart', () => {
  it.each<[string, Partial<Entry>, boolean]>([
    ['a begun call has used its token', { type: 'call.begun', ext: { token: id } }, false],
    ['so has a call that went to a peer', { type: 'intent.sent', ext: { token: id } }, false],
    ['a refused call has not', { type: 'outcome', ext: { token: id } }, true],
    ['a grant uses nothing', { type: 'token.granted', ext: { token: id, uses: 1 } }, true],
  ])('%s', (_what, entry, left) => {
    const uses = new TokenUses()
    uses.replay({ v: 1, origin: 'x', seq: 1, t_ms: now, prev: '', ...entry } as Entry)
    expect(uses.left(id, 1)).toBe(left)
  })

  it('everything is as it was', () => {
    const ledger = new FakeLedger(clock)
    const before = new TokenUses()
    before.reserve(id, 3, now)
    ledger.append({ type: 'call.begun', ext: { token: id } })
    before.revoke('one', now)
    ledger.append({ type: 'token.revoked', ext: { token: 'one' } })
    before.setEpoch('agent:a', 4)
    ledger.append({ type: 'token.revoked', actor: 'agent:a', ext: { epoch: 4 } })
    const after = new TokenUses()
    for (const entry of ledger.entries) after.replay(entry)
    const asked = (uses: TokenUses) => [
      uses.left(id, 1),
      uses.left(id, 2),
      uses.isRevoked('one'),
      uses.epochOf('agent:a'),
    ]
    expect(asked(after)).toEqual(asked(before))
  })
})

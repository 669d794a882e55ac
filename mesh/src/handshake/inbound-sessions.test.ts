import { randomId } from '@hansa/trust'
import { alice, bob, carol } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { clockAtNow } from '../testing/test-kernel.ts'
import { SESSION_LIFE_SECONDS } from './constants.ts'
import { type InboundSessionsInit, inboundSessions, type NewSession } from './inbound-sessions.ts'

function table(init: InboundSessionsInit = {}) {
  const clock = clockAtNow()
  const sessions = inboundSessions({ perMinute: 1_000, ...init })({ clock })
  const open = (over: Partial<NewSession> = {}) =>
    sessions.open({ sid: randomId(), peer: alice.did, channel: 'local', level: 0, reasons: [], ...over })
  const opened = (over: Partial<NewSession> = {}) => {
    const outcome = open(over)
    if (!outcome.ok) throw new Error(outcome.reason)
    return outcome.session
  }
  return { clock, sessions, open, opened }
}

describe(inboundSessions, () => {
  it('finds a session until it is closed or its time is over', () => {
    const { clock, sessions, opened } = table()
    const [kept, closed] = [opened(), opened()]
    sessions.close(closed.sid)
    expect(sessions.get(kept.sid)).toBe(kept)
    expect(sessions.get(closed.sid)).toBeUndefined()
    expect(sessions.get('unknown')).toBeUndefined()
    clock.advance(SESSION_LIFE_SECONDS * 1000)
    expect(sessions.get(kept.sid)).toBeUndefined()
  })

  it('forgets what is over when the next one opens', () => {
    const { clock, sessions, opened } = table()
    for (let n = 0; n < 5; n++) opened()
    clock.advance(SESSION_LIFE_SECONDS * 1000)
    opened()
    expect(sessions.size).toBe(1)
  })

  it('never gives an id twice while its challenge can be answered', () => {
    const { clock, sessions, open, opened } = table()
    const { sid } = opened()
    expect(open({ sid }).ok).toBe(false)
    sessions.close(sid)
    expect(sessions.isSpent(sid)).toBe(true)
    expect(open({ sid }).ok).toBe(false)
    clock.advance(29_000)
    expect(open({ sid }).ok).toBe(false)
  })

  it('closes every session of one peer and no other', () => {
    const { sessions, opened } = table()
    const ofAlice = [opened(), opened()]
    const ofBob = opened({ peer: bob.did })
    sessions.closePeer(alice.did)
    sessions.closePeer(carol.did)
    expect(ofAlice.map(({ sid }) => sessions.get(sid))).toEqual([undefined, undefined])
    expect(sessions.get(ofBob.sid)).toBe(ofBob)
  })

  it("ends a peer's oldest session for its newest", () => {
    const { sessions, opened } = table({ maxPerPeer: 2 })
    const [first, second, third] = [opened(), opened(), opened()]
    expect([first, second, third].map(({ sid }) => sessions.get(sid) !== undefined)).toEqual([false, true, true])
  })

  it('when full, gives up the oldest that has carried no call, and answers busy when all have', () => {
    const { clock, sessions, open, opened } = table({ maxSessions: 3 })
    const [used, idle, alsoUsed] = [opened(), opened(), opened()]
    used.window.take(1)
    alsoUsed.window.take(1)
    expect(open({ peer: bob.did })).toMatchObject({ ok: false, code: 'busy' })
    clock.advance(30_000)
    const fresh = opened({ peer: bob.did })
    expect(sessions.get(idle.sid)).toBeUndefined()
    expect(sessions.get(used.sid)).toBe(used)
    fresh.window.take(1)
    clock.advance(30_000)
    expect(open({ peer: bob.did })).toMatchObject({ ok: false, code: 'busy' })
  })

  it('counts the openings of a peer by the minute', () => {
    const { clock, sessions, open } = table({ perMinute: 2 })
    expect([open().ok, open().ok, open().ok]).toEqual([true, true, false])
    expect(sessions.openingFault(alice.did)).toMatchObject({ code: 'rate_limited' })
    expect(sessions.openingFault(bob.did)).toBeUndefined()
    clock.advance(59_000)
    expect(open().ok).toBe(false)
    clock.advance(1_000)
    expect(open().ok).toBe(true)
  })
})

import { manualClock } from '@hansa/protocols/testing'
import { alice, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { OverdueAcks } from './overdue-acks.ts'

function watching(open: readonly string[]) {
  const clock = manualClock()
  const told: unknown[] = []
  const overdue = new OverdueAcks({
    clock,
    evidence: (peer, kind, reason, callId, { count } = {}) => told.push({ peer, kind, reason, callId, count }),
    isOpen: (callId) => open.includes(callId),
  })
  return { clock, told, overdue }
}

describe(OverdueAcks, () => {
  it('records a receipt that is not acknowledged after 30 seconds, once', async () => {
    const { clock, told, overdue } = watching(['one'])
    overdue.watch(mallory.did, 'one')
    await clock.advance(29_999)
    overdue.tick()
    expect(told).toEqual([])
    await clock.advance(1)
    overdue.tick()
    overdue.tick()
    const reason = 'a receipt was not acknowledged within 30 seconds'
    expect(told).toEqual([{ peer: mallory.did, kind: 'ack_missing', reason, callId: 'one', count: 1 }])
  })

  it('records nothing of one that was acknowledged', async () => {
    const { clock, told, overdue } = watching([])
    overdue.watch(alice.did, 'one')
    await clock.advance(60_000)
    overdue.tick()
    expect(told).toEqual([])
  })

  it('makes one entry for each peer of however many calls mallory leaves open', async () => {
    const calls = Array.from({ length: 1000 }, (_, n) => `m${n}`)
    const { clock, told, overdue } = watching([...calls, 'a'])
    for (const call of calls) overdue.watch(mallory.did, call)
    overdue.watch(alice.did, 'a')
    await clock.advance(30_000)
    overdue.tick()
    expect(told).toMatchObject([
      { peer: mallory.did, callId: 'm0', count: 1000 },
      { peer: alice.did, callId: 'a', count: 1 },
    ])
  })

  it('lets the oldest go when more are open than it watches', async () => {
    const { clock, told, overdue } = watching(['first', 'open', 'last'])
    overdue.watch(alice.did, 'first')
    for (let n = 0; n < 100_000; n++) overdue.watch(mallory.did, 'open')
    overdue.watch(alice.did, 'last')
    await clock.advance(30_000)
    overdue.tick()
    expect(told).toMatchObject([
      { peer: mallory.did, callId: 'open', count: 90_001 },
      { peer: alice.did, callId: 'last', count: 1 },
    ])
  })

  it('goes on watching the one that is open among however many that were acknowledged', async () => {
    const { clock, told, overdue } = watching(['open'])
    overdue.watch(mallory.did, 'open')
    for (let n = 0; n < 250_000; n++) overdue.watch(alice.did, 'acknowledged')
    await clock.advance(30_000)
    overdue.tick()
    expect(told).toMatchObject([{ peer: mallory.did, callId: 'open', count: 1 }])
  })
})

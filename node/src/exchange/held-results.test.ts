import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { alice, bob, mallory } from '@hansa/trust/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { type HeldLimits, type HeldResult, HeldResults } from './held-results.ts'

let clock: ManualClock
let overdue: string[]

beforeEach(() => {
  clock = manualClock()
  overdue = []
})

const holding = (limits: Partial<HeldLimits> = {}) =>
  new HeldResults({ clock, onOverdue: ({ callId }) => void overdue.push(callId), limits })

const result = (callId: string, peer = alice.did, bytes = 100): HeldResult => ({
  callId,
  peer,
  receiptHash: `receipt of ${callId}`,
  argsSalt: new Uint8Array(32),
  salt: new Uint8Array(32),
  bytes: new Uint8Array(bytes),
})

/** Of `result`, as it is counted. */
const EACH = 100 + 1_024

describe('a result that waits for its acknowledgement', () => {
  it('is found by its own peer only, before and after it is claimed', () => {
    const held = holding()
    held.hold(result('1'))
    expect([held.find(alice.did, '1')?.callId, held.find(mallory.did, '1')]).toEqual(['1', undefined])
    expect([held.unclaimed, held.acknowledged(alice.did, '1')]).toEqual([1, undefined])
    const durable = Promise.resolve()
    held.claim(alice.did, '1', durable)
    expect([held.unclaimed, held.find(alice.did, '1')?.callId]).toEqual([0, '1'])
    expect(held.acknowledged(alice.did, '1')).toBe(durable)
  })

  it('is said to be overdue once, after 30 seconds, and never when it was claimed', () => {
    const held = holding()
    held.hold(result('1'))
    clock.advance(20_000)
    held.hold(result('2'))
    held.hold(result('3'))
    held.claim(alice.did, '2', Promise.resolve())
    clock.advance(9_999)
    expect(overdue).toEqual([])
    clock.advance(1)
    expect(overdue).toEqual(['1'])
    clock.advance(500_000)
    expect(overdue).toEqual(['1', '3'])
  })

  it('is kept for ten minutes from its receipt, or from its acknowledgement, and leaves no timer behind', () => {
    const held = holding()
    held.hold(result('1'))
    held.hold(result('2'))
    clock.advance(599_000)
    held.claim(alice.did, '2', Promise.resolve())
    clock.advance(1_000)
    expect([held.find(alice.did, '1'), held.find(alice.did, '2')?.callId]).toEqual([undefined, '2'])
    clock.advance(599_000)
    expect([held.find(alice.did, '2'), held.bytes, held.unclaimed, clock.waiting]).toEqual([undefined, 0, 0, 0])
  })

  it.each<[string, Partial<HeldLimits>]>([
    ['in number', { perPeer: 3 }],
    ['in bytes', { perPeerBytes: 3 * EACH }],
  ])('is one too many for a peer that claims none, %s, and not for another', (_what, limits) => {
    const held = holding(limits)
    for (const callId of ['1', '2']) held.hold(result(callId))
    expect(held.overdrawn(alice.did)).toBe(false)
    held.hold(result('3'))
    expect([held.overdrawn(alice.did), held.overdrawn(bob.did)]).toEqual([true, false])
    held.claim(alice.did, '2', Promise.resolve())
    expect(held.overdrawn(alice.did)).toBe(false)
  })

  it('makes room for others when it was claimed, and then by the oldest of whoever has left most', () => {
    const held = holding({ bytes: 5 * EACH })
    held.hold(result('a1'))
    for (const callId of ['m1', 'm2', 'm3']) held.hold(result(callId, mallory.did))
    held.hold(result('b1', bob.did))
    held.claim(bob.did, 'b1', Promise.resolve())
    held.hold(result('a2'))
    expect(held.find(bob.did, 'b1')).toBeUndefined()
    held.hold(result('b2', bob.did))
    expect([held.find(mallory.did, 'm1'), held.find(alice.did, 'a1')?.callId]).toEqual([undefined, 'a1'])
    expect(held.bytes).toBe(5 * EACH)
  })

  it('is small, and takes room all the same: mallory cannot have a million of them kept that she has claimed', () => {
    const held = holding({ bytes: 10_240 })
    for (let n = 0; n < 100; n++) {
      held.hold(result(`${n}`, mallory.did, 0))
      held.claim(mallory.did, `${n}`, Promise.resolve())
    }
    const kept = Array.from({ length: 100 }, (_, n) => held.find(mallory.did, `${n}`)).filter((each) => each)
    expect(kept).toHaveLength(10)
  })

  it('keeps nothing of the memory that its bytes and salts came in', () => {
    const held = holding()
    const memory = new Uint8Array(1_048_576).fill(7)
    const part = (bytes: number) => memory.subarray(1_000, 1_000 + bytes)
    held.hold({ ...result('1'), argsSalt: part(32), salt: part(32), bytes: part(100) })
    const { argsSalt, salt, bytes } = held.find(alice.did, '1') ?? result('none')
    expect([argsSalt, salt, bytes].map(({ buffer }) => buffer.byteLength)).toEqual([32, 32, 100])
    expect(bytes).toEqual(new Uint8Array(100).fill(7))
  })

  it('is waited for until it is claimed, or for so long', async () => {
    const held = holding()
    held.hold(result('1'))
    let settled = 0
    const both = [held.settled(5_000), held.settled(60_000)].map((waiting) => waiting.then(() => void settled++))
    clock.advance(5_000)
    await both[0]
    expect(settled).toBe(1)
    held.claim(alice.did, '1', Promise.resolve())
    await both[1]
    await held.settled(1)
    expect(settled).toBe(2)
  })

  it('is not taken any more when the kernel has ended', () => {
    const held = holding()
    held.hold(result('1'))
    held.close()
    held.hold(result('2'))
    clock.advance(60_000)
    expect([overdue, held.unclaimed]).toEqual([[], 1])
  })
})

import type { Entry, Receipt } from '@hansa/protocols'
import { prepare, signBatch } from '@hansa/trust'
import { alice, aReceipt, bob } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { PromiseBook } from './promise-book.ts'

const NOW = 1_000_000
const LATER = NOW + 3_600_000
const idOf = (n: number) => `${n}`.padStart(22, 'C')

const book = (random: (limit: number) => number = () => 0) =>
  new PromiseBook({ reads: (capability) => capability === 'bob/read', random })

const promised = (n: number, over: Partial<Receipt['log']> = {}): Receipt =>
  aReceipt({
    call_id: idOf(n),
    log: { origin: 'bob/log/1', index: 100 + n, leaf_hash: 'A'.repeat(43), mmd_s: 60, ...over },
  })

const expectOne = (promises: PromiseBook, n: number, capability = 'bob/write', over: Partial<Receipt['log']> = {}) =>
  promises.expect(bob.did, { seq: n, atMs: NOW, capability, receipt: promised(n, over) })

const seqs = (promises: PromiseBook, nowMs = LATER, limit = 1_000) =>
  promises.due(bob.did, nowMs, limit).map(({ seq }) => seq)

const entry = (seq: number, over: Partial<Entry>): Entry => ({
  v: 1,
  origin: 'alice/log/1',
  seq,
  t_ms: NOW,
  prev: 'A'.repeat(43),
  type: 'receipt.received',
  peer: bob.did,
  cap: 'bob/write',
  ...over,
})

function received(n: number): Entry {
  const [signed] = signBatch(bob, [prepare('hansa-receipt', promised(n))])
  return entry(n, { call_id: idOf(n), ...(signed && { ext: { envelope: signed.envelope } }) })
}

describe('promises', () => {
  it('are due when they say, and a little later', () => {
    const promises = book()
    expectOne(promises, 1)
    expectOne(promises, 2, 'bob/write', { mmd_s: 5 })
    expect([NOW + 6_999, NOW + 7_000, NOW + 61_999, NOW + 62_000].map((now) => seqs(promises, now))).toEqual([
      [],
      [2],
      [2],
      [1, 2],
    ])
  })

  it('are asked for log by log, the oldest first, and only so many', () => {
    const promises = book()
    for (const n of [1, 2, 3]) expectOne(promises, n)
    expectOne(promises, 4, 'bob/write', { origin: 'bob/log/2' })
    expect([seqs(promises), seqs(promises, LATER, 2), promises.due(alice.did, LATER, 9)]).toEqual([
      [1, 2, 3],
      [1, 2],
      [],
    ])
    promises.settle(bob.did, promises.due(bob.did, LATER, 9))
    expect(seqs(promises)).toEqual([4])
  })

  it('of calls that only read are drawn: every one has a chance, and few stay', () => {
    const draws: number[] = []
    const promises = book((limit) => {
      draws.push(limit)
      return limit - 1
    })
    for (let n = 0; n < 100; n++) expectOne(promises, n, 'bob/read')
    expect(seqs(promises)).toEqual(Array.from({ length: 16 }, (_, n) => n))
    expect(draws).toEqual(Array.from({ length: 84 }, (_, n) => n + 17))
    const replaced = book(() => 3)
    for (let n = 0; n < 18; n++) expectOne(replaced, n, 'bob/read')
    expect(seqs(replaced)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17])
  })

  it('of each minute are drawn anew', () => {
    const promises = book((limit) => limit - 1)
    for (let n = 0; n < 60; n++) {
      const atMs = NOW + Math.floor(n / 20) * 60_000
      promises.expect(bob.did, { seq: n, atMs, capability: 'bob/read', receipt: promised(n) })
    }
    expect(promises.waiting).toBe(48)
  })

  it('of a peer that is never reached are forgotten, the oldest first', () => {
    const promises = book()
    for (let n = 0; n < 65_546; n++) {
      const atMs = NOW + Math.floor(n / 16_384) * 60_000
      promises.expect(bob.did, { seq: n, atMs, capability: 'bob/write', receipt: promised(n) })
    }
    expect([promises.waiting, seqs(promises)[0]]).toEqual([65_536, 10])
  })

  it('of 2,000 changes a second come due all the time, from each minute as many as a round checks', () => {
    const promises = new PromiseBook({ reads: () => false })
    const receipt = promised(1)
    const checked: number[] = []
    for (let seq = 0; seq < 4 * 120_000; seq++) {
      const atMs = NOW + seq / 2
      promises.expect(bob.did, { seq, atMs, capability: 'bob/write', receipt })
      if (seq % 120_000 !== 119_999) continue
      const due = promises.due(bob.did, atMs, 25_600)
      promises.settle(bob.did, due)
      checked.push(due.length)
    }
    expect(checked[0]).toBe(0)
    for (const count of checked.slice(1)) expect(Math.round(count / 1_000)).toBe(16)
  })

  it('are settled up to the first that still waits', () => {
    const promises = book()
    for (const n of [1, 2, 3]) expectOne(promises, n)
    const [first, second, third] = promises.due(bob.did, LATER, 9)
    if (first === undefined || second === undefined || third === undefined) throw new Error('three are due')
    expect(promises.settle(bob.did, [second])).toBeUndefined()
    expect(promises.settle(bob.did, [first])).toBe(1)
    expect(promises.settle(bob.did, [third])).toBe(3)
    expect(promises.peers()).toEqual([])
  })
})

describe('after a restart', () => {
  it('what the log does not call settled is asked for again', () => {
    const promises = book()
    for (const n of [1, 2, 3]) promises.replay(received(n))
    promises.replay(entry(4, { type: 'peer.checkpoint', ext: { through: 2 } }))
    promises.replay(entry(5, { type: 'peer.checkpoint' }))
    expect(promises.due(bob.did, LATER, 9)).toMatchObject([
      { seq: 3, index: 103, origin: 'bob/log/1', callId: idOf(3) },
    ])
    const again = book()
    again.restore(JSON.parse(JSON.stringify(promises.state())))
    expect(again.state()).toEqual(promises.state())
  })

  it('of the log before a successor, what waited comes first and is settled by no number of the new one', () => {
    const promises = book()
    promises.replay(received(7))
    const previous = { origin: 'alice/log/1', size: 8, root: 'A'.repeat(43) }
    promises.replay(entry(0, { type: 'log.opened', ext: { previous, vkey: 'v', reason: 'restored' } }))
    promises.replay(received(1))
    expect(seqs(promises)).toEqual([-1, 1])
    const [old] = promises.due(bob.did, LATER, 1)
    expect(old && promises.settle(bob.did, [old])).toBeUndefined()
    expect(seqs(promises)).toEqual([1])
  })
})

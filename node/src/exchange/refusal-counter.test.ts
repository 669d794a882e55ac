import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { RefusalCounter } from './refusal-counter.ts'

let clock: ManualClock
let ledger: FakeLedger
let counter: RefusalCounter

beforeEach(() => {
  clock = manualClock()
  ledger = new FakeLedger(clock)
  counter = new RefusalCounter({ clock, append: ledger.append })
})

const counts = () => ledger.ofType('refusals.counted').map(({ ext }) => [ext?.source, ext?.code, ext?.count])

describe('refusals', () => {
  it('of one source, code and reason are one entry a minute, under one denial id', () => {
    const ids = Array.from({ length: 500 }, () => counter.count('mallory', 'invalid_request', 'frames'))
    expect(new Set(ids).size).toBe(1)
    expect(ledger.entries).toEqual([])
    clock.advance(60_000)
    expect(counts()).toEqual([['mallory', 'invalid_request', 500]])
    expect(ledger.entries[0]?.ext?.denial_id).toBe(ids[0])
  })

  it('after that are counted anew, and nothing waits when there are none', () => {
    counter.count('mallory', 'busy', 'x')
    clock.advance(60_000)
    expect(clock.waiting).toBe(0)
    counter.count('mallory', 'busy', 'x')
    clock.advance(60_000)
    expect(counts()).toEqual([
      ['mallory', 'busy', 1],
      ['mallory', 'busy', 1],
    ])
  })

  it('of ever new sources and reasons are a bounded number of entries, and none is lost', () => {
    for (let at = 0; at < 5_000; at++) counter.count(`m${at}`, at % 2 === 0 ? 'busy' : 'invalid_request', `why ${at}`)
    clock.advance(60_000)
    expect(ledger.entries.length).toBeLessThan(300)
    expect(counts().reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(5_000)
  })

  it('keep little of what a stranger chose', () => {
    counter.count('s'.repeat(10_000), 'busy', `${'r'.repeat(511)}😀`)
    clock.advance(60_000)
    const { ext } = ledger.entries[0] ?? {}
    expect([ext?.source?.length, ext?.reason?.length, ext?.reason?.isWellFormed()]).toEqual([128, 512, true])
  })
})

describe('a log that takes no entry', () => {
  it.each(['busy', 'log_full'] as const)(
    'does not throw into the timer, and the counts are written later: %s',
    (fault) => {
      counter.count('one', 'busy', 'x')
      counter.count('two', 'busy', 'x')
      const mend = ledger.fail(fault)
      expect(() => clock.advance(60_000)).not.toThrow()
      counter.count('one', 'busy', 'x')
      mend()
      clock.advance(60_000)
      expect(counts()).toEqual([
        ['one', 'busy', 2],
        ['two', 'busy', 1],
      ])
    },
  )
})

describe('closing', () => {
  it('writes what is left, and nothing wakes up afterwards', () => {
    counter.count('mallory', 'busy', 'x')
    counter.close()
    expect(counts()).toEqual([['mallory', 'busy', 1]])
    counter.count('late', 'busy', 'x')
    expect(clock.waiting).toBe(0)
  })

  it('does not throw when the log is full', () => {
    counter.count('mallory', 'busy', 'x')
    ledger.fail('log_full')
    expect(() => counter.close()).not.toThrow()
    expect(clock.waiting).toBe(0)
  })
})

import { memoryStore, type Store } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { Idempotency } from './idempotency.ts'

const DAY_MS = 86_400_000
let clock: ManualClock
let store: Store
let ledger: FakeLedger
let keys: Idempotency
const scope = Idempotency.scopeOf('agent:a', 'note.write', 'k')

beforeEach(() => {
  clock = manualClock()
  store = memoryStore()
  ledger = new FakeLedger(clock)
  keys = new Idempotency({ clock, store })
})

/** Claims and writes the begin entry, as a call does. */
function begin(callId: string, args = 'a'): void {
  keys.claim(scope, callId, args)
  ledger.append({ type: 'call.begun', call_id: callId, args_c: args, ext: { idem: scope } })
}

function end(callId: string, outcome: 'done' | 'unknown' | 'none'): void {
  const status = { done: 'ok', unknown: 'outcome_unknown', none: 'failed' } as const
  ledger.append({ type: 'outcome', call_id: callId, ext: { status: status[outcome] } })
  keys.end(callId, outcome)
}

function rebuilt(): Idempotency {
  const again = new Idempotency({ clock, store })
  for (const entry of ledger.entries) again.replay(entry)
  return again
}

describe('a key', () => {
  it('is new once, and then belongs to the call that runs', () => {
    expect(keys.claim(scope, 'one', 'a')).toEqual({ state: 'new' })
    expect(keys.claim(scope, 'two', 'a')).toEqual({ state: 'running', callId: 'one' })
  })

  it.each([
    ['done', { state: 'done', callId: 'one' }],
    ['unknown', { state: 'unknown', callId: 'one' }],
    ['none', { state: 'new' }],
  ] as const)('of a call that ended as %s is found like that, also after a restart', (outcome, expected) => {
    begin('one')
    end('one', outcome)
    const after = rebuilt()
    expect(keys.claim(scope, 'two', 'a')).toEqual(expected)
    expect(after.claim(scope, 'two', 'a')).toEqual(expected)
  })

  it('with other arguments is an error, whatever became of the first', () => {
    begin('one')
    expect(keys.claim(scope, 'two', 'b')).toEqual({ state: 'other_arguments' })
    end('one', 'done')
    expect(keys.claim(scope, 'two', 'b')).toEqual({ state: 'other_arguments' })
  })

  it.each([
    ['issuers', Idempotency.scopeOf('agent:b', 'note.write', 'k')],
    ['capabilities', Idempotency.scopeOf('agent:a', 'note.read', 'k')],
    ['keys', Idempotency.scopeOf('agent:a', 'note.write', 'other')],
  ])('is apart for other %s', (_what, other) => {
    begin('one')
    expect(keys.claim(other, 'two', 'b')).toEqual({ state: 'new' })
  })

  it('is new again after a day, and not a millisecond before', () => {
    begin('one')
    end('one', 'done')
    clock.advance(DAY_MS - 1)
    expect(keys.claim(scope, 'two', 'a')).toMatchObject({ state: 'done' })
    clock.advance(1)
    expect(keys.claim(scope, 'three', 'a')).toEqual({ state: 'new' })
  })

  it('of a call that never began is free after a restart', () => {
    keys.claim(scope, 'one', 'a')
    expect(rebuilt().claim(scope, 'two', 'a')).toEqual({ state: 'new' })
  })

  it('whose store fails while old ones are forgotten goes on working', async () => {
    const failing = { ...store, delete: () => Promise.reject(new Error('the disk')) }
    const held = new Idempotency({ clock, store: failing })
    held.claim(scope, 'one', 'a')
    clock.advance(DAY_MS)
    expect(held.claim(Idempotency.scopeOf('agent:a', 'x', 'k'), 'two', 'a')).toEqual({ state: 'new' })
    await Promise.resolve()
  })
})

describe('a call whose outcome is not known', () => {
  beforeEach(() => {
    begin('one')
    end('one', 'unknown')
  })

  it('is taken over by one call only', () => {
    expect([keys.takeOver(scope, 'one', 'two', 'a'), keys.takeOver(scope, 'one', 'three', 'a')]).toEqual([true, false])
    expect(keys.claim(scope, 'four', 'a')).toEqual({ state: 'running', callId: 'two' })
  })

  it('stays unknown when the one that took over was refused, also after a restart', () => {
    keys.takeOver(scope, 'one', 'two', 'a')
    keys.end('two', 'none')
    const expected = { state: 'unknown', callId: 'one' }
    expect(rebuilt().claim(scope, 'three', 'a')).toEqual(expected)
    expect(keys.claim(scope, 'three', 'a')).toEqual(expected)
  })

  it('gives way to the outcome of the one that took over', () => {
    keys.takeOver(scope, 'one', 'two', 'a')
    ledger.append({ type: 'call.begun', call_id: 'two', args_c: 'a', ext: { idem: scope } })
    end('two', 'done')
    const expected = { state: 'done', callId: 'two' }
    expect(rebuilt().claim(scope, 'three', 'a')).toEqual(expected)
    expect(keys.claim(scope, 'three', 'a')).toEqual(expected)
  })
})

describe('a result', () => {
  const result = { kind: 'data' as const, bytes: Buffer.from('{"n":1}') }

  it('is there for the call that kept it, and for no other', async () => {
    await keys.keep(scope, 'one', result)
    expect(Buffer.from((await keys.result(scope, 'one'))?.bytes ?? []).toString()).toBe('{"n":1}')
    expect(await keys.result(scope, 'two')).toBeUndefined()
    expect(await keys.result('another scope', 'one')).toBeUndefined()
  })

  it.each(['done', 'unknown'] as const)('is found for erasing when the outcome of its call is %s', async (outcome) => {
    begin('one')
    await keys.keep(scope, 'one', result)
    end('one', outcome)
    for (const known of [keys, rebuilt()]) {
      expect(await known.resultsOf(new Set(['one']))).toEqual([{ namespace: 'results', key: scope }])
      expect(await known.resultsOf(new Set(['two']))).toEqual([])
    }
  })

  it('is found for erasing when another call has taken the key over, until that one keeps its own', async () => {
    begin('one')
    await keys.keep(scope, 'one', result)
    end('one', 'unknown')
    keys.takeOver(scope, 'one', 'two', 'a')
    expect(await keys.resultsOf(new Set(['one']))).toHaveLength(1)
    await keys.keep(scope, 'two', result)
    expect(await keys.resultsOf(new Set(['one']))).toEqual([])
    expect(await keys.resultsOf(new Set(['two']))).toHaveLength(1)
  })

  it('does not stay behind when its call comes to nothing, where nobody would find it', async () => {
    begin('one')
    await keys.keep(scope, 'one', result)
    end('one', 'none')
    expect(await store.list('results')).toEqual([])
  })

  it('of a repetition does not replace that of the first', () => {
    begin('one')
    end('one', 'done')
    ledger.append({ type: 'call.begun', call_id: 'two', args_c: 'a', ext: { idem: scope, retry_of: 'one' } })
    ledger.append({ type: 'outcome', call_id: 'two', ext: { status: 'ok', retry_of: 'one' } })
    expect(rebuilt().claim(scope, 'three', 'a')).toEqual({ state: 'done', callId: 'one' })
  })
})

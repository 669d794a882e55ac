import { memoryStore, type Store } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { Idempotency } from './idempotency.ts'
import { memorySettledKeys, type SettledKeys } from './settled-keys.ts'

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
async function begin(callId: string, args = 'a'): Promise<void> {
  await keys.claim(scope, callId, args)
  ledger.append({ type: 'call.begun', call_id: callId, args_c: args, ext: { idem: scope } })
}

function end(callId: string, outcome: 'done' | 'unknown' | 'none'): void {
  const status = { done: 'ok', unknown: 'outcome_unknown', none: 'failed' } as const
  ledger.append({ type: 'outcome', call_id: callId, ext: { status: status[outcome] } })
  keys.end(callId, outcome)
}

/** As a start rebuilds them that reads the whole log. */
function rebuilt(): Idempotency {
  const again = new Idempotency({ clock, store })
  for (const entry of ledger.entries) again.replay(entry)
  return again
}

describe('a key', () => {
  it('is new once, and then belongs to the call that runs', async () => {
    expect(await keys.claim(scope, 'one', 'a')).toEqual({ state: 'new' })
    expect(await keys.claim(scope, 'two', 'a')).toEqual({ state: 'running', callId: 'one' })
  })

  it.each([
    ['done', { state: 'done', callId: 'one' }],
    ['unknown', { state: 'unknown', callId: 'one' }],
    ['none', { state: 'new' }],
  ] as const)('of a call that ended as %s is found like that, also after a restart', async (outcome, expected) => {
    await begin('one')
    end('one', outcome)
    const after = rebuilt()
    expect(await keys.claim(scope, 'two', 'a')).toEqual(expected)
    expect(await after.claim(scope, 'two', 'a')).toEqual(expected)
  })

  it('with other arguments is an error, whatever became of the first', async () => {
    await begin('one')
    expect(await keys.claim(scope, 'two', 'b')).toEqual({ state: 'other_arguments' })
    end('one', 'done')
    expect(await keys.claim(scope, 'two', 'b')).toEqual({ state: 'other_arguments' })
  })

  it.each([
    ['issuers', Idempotency.scopeOf('agent:b', 'note.write', 'k')],
    ['capabilities', Idempotency.scopeOf('agent:a', 'note.read', 'k')],
    ['keys', Idempotency.scopeOf('agent:a', 'note.write', 'other')],
  ])('is apart for other %s', async (_what, other) => {
    await begin('one')
    expect(await keys.claim(other, 'two', 'b')).toEqual({ state: 'new' })
  })

  it('is new again after a day, and not a millisecond before', async () => {
    await begin('one')
    end('one', 'done')
    clock.advance(DAY_MS - 1)
    expect(await keys.claim(scope, 'two', 'a')).toMatchObject({ state: 'done' })
    clock.advance(1)
    expect(await keys.claim(scope, 'three', 'a')).toEqual({ state: 'new' })
  })

  it('of a call that never began is free after a restart', async () => {
    await keys.claim(scope, 'one', 'a')
    expect(await rebuilt().claim(scope, 'two', 'a')).toEqual({ state: 'new' })
  })

  it('whose store fails while old ones are forgotten goes on working', async () => {
    const failing = { ...store, delete: () => Promise.reject(new Error('the disk')) }
    const held = new Idempotency({ clock, store: failing })
    await held.claim(scope, 'one', 'a')
    clock.advance(DAY_MS)
    expect(await held.claim(Idempotency.scopeOf('agent:a', 'x', 'k'), 'two', 'a')).toEqual({ state: 'new' })
    await Promise.resolve()
  })
})

describe('a call whose outcome is not known', () => {
  beforeEach(async () => {
    await begin('one')
    end('one', 'unknown')
  })

  it('is taken over by one call only', async () => {
    expect(
      await Promise.all([keys.takeOver(scope, 'one', 'two', 'a'), keys.takeOver(scope, 'one', 'three', 'a')]),
    ).toEqual([true, false])
    expect(await keys.claim(scope, 'four', 'a')).toEqual({ state: 'running', callId: 'two' })
  })

  it('stays unknown when the one that took over was refused, also after a restart', async () => {
    await keys.takeOver(scope, 'one', 'two', 'a')
    keys.end('two', 'none')
    const expected = { state: 'unknown', callId: 'one' }
    expect(await rebuilt().claim(scope, 'three', 'a')).toEqual(expected)
    expect(await keys.claim(scope, 'three', 'a')).toEqual(expected)
  })

  it('gives way to the outcome of the one that took over', async () => {
    await keys.takeOver(scope, 'one', 'two', 'a')
    ledger.append({ type: 'call.begun', call_id: 'two', args_c: 'a', ext: { idem: scope } })
    end('two', 'done')
    const expected = { state: 'done', callId: 'two' }
    expect(await rebuilt().claim(scope, 'three', 'a')).toEqual(expected)
    expect(await keys.claim(scope, 'three', 'a')).toEqual(expected)
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
    await begin('one')
    await keys.keep(scope, 'one', result)
    end('one', outcome)
    for (const known of [keys, rebuilt()]) {
      expect(await known.resultsOf(new Set(['one']))).toEqual([{ namespace: 'results', key: scope }])
      expect(await known.resultsOf(new Set(['two']))).toEqual([])
    }
  })

  it('is found for erasing when another call has taken the key over, until that one keeps its own', async () => {
    await begin('one')
    await keys.keep(scope, 'one', result)
    end('one', 'unknown')
    await keys.takeOver(scope, 'one', 'two', 'a')
    expect(await keys.resultsOf(new Set(['one']))).toHaveLength(1)
    await keys.keep(scope, 'two', result)
    expect(await keys.resultsOf(new Set(['one']))).toEqual([])
    expect(await keys.resultsOf(new Set(['two']))).toHaveLength(1)
  })

  it('of a call that took the key over stays, also when that of the first is a day old', async () => {
    await begin('one')
    end('one', 'unknown')
    clock.advance(DAY_MS - 1)
    await keys.takeOver(scope, 'one', 'two', 'a')
    await keys.keep(scope, 'two', result)
    clock.advance(1)
    await keys.claim(Idempotency.scopeOf('agent:a', 'note.write', 'other'), 'three', 'a')
    keys.end('two', 'done')
    expect(await keys.claim(scope, 'four', 'a')).toEqual({ state: 'done', callId: 'two' })
    expect(await keys.result(scope, 'two')).toBeDefined()
  })

  it('does not stay behind when its call comes to nothing, where nobody would find it', async () => {
    await begin('one')
    await keys.keep(scope, 'one', result)
    end('one', 'none')
    expect(await store.list('results')).toEqual([])
  })

  it('of a repetition does not replace that of the first', async () => {
    await begin('one')
    end('one', 'done')
    ledger.append({ type: 'call.begun', call_id: 'two', args_c: 'a', ext: { idem: scope, retry_of: 'one' } })
    ledger.append({ type: 'outcome', call_id: 'two', ext: { status: 'ok', retry_of: 'one' } })
    expect(await rebuilt().claim(scope, 'three', 'a')).toEqual({ state: 'done', callId: 'one' })
  })
})

describe('a key that a resume point has put on the disk', () => {
  let settled: SettledKeys
  /** As a resume point leaves them: what has ended is on the disk, and not in memory. */
  async function afterPoint(): Promise<void> {
    await keys.settle(keys.ended())
    expect(keys.ended()).toEqual([])
  }
  /** A call that is done, with its result. */
  async function oneOnDisk(): Promise<void> {
    await begin('one')
    await keys.keep(scope, 'one', { kind: 'data', bytes: Buffer.from('1') })
    end('one', 'done')
    await afterPoint()
  }

  beforeEach(() => {
    settled = memorySettledKeys()
    keys = new Idempotency({ clock, store, settled })
  })

  it.each(['done', 'unknown'] as const)('still says that its call ended as %s, also after a restart', async (state) => {
    await begin('one')
    end('one', state)
    await afterPoint()
    expect(await keys.claim(scope, 'two', 'a')).toEqual({ state, callId: 'one' })
    expect(await keys.claim(scope, 'two', 'b')).toEqual({ state: 'other_arguments' })
    const resumed = new Idempotency({ clock, store, settled })
    resumed.restore(keys.state())
    expect(await resumed.claim(scope, 'two', 'a')).toEqual({ state, callId: 'one' })
  })

  it('is new again after a day, and not a millisecond before', async () => {
    await begin('one')
    end('one', 'done')
    await afterPoint()
    clock.advance(DAY_MS - 1)
    expect(await keys.claim(scope, 'two', 'a')).toMatchObject({ state: 'done' })
    clock.advance(1)
    expect(await keys.claim(scope, 'two', 'a')).toEqual({ state: 'new' })
  })

  it('belongs to one of many calls that claim it at once while the disk is asked', async () => {
    await begin('one')
    end('one', 'unknown')
    await afterPoint()
    clock.advance(DAY_MS)
    const claims = await Promise.all(['two', 'three', 'four'].map((call) => keys.claim(scope, call, 'a')))
    expect(claims).toEqual([{ state: 'new' }, ...new Array(2).fill({ state: 'running', callId: 'two' })])
  })

  it('is taken over by one call only, and stays as it was when that one comes to nothing', async () => {
    await begin('one')
    end('one', 'unknown')
    await afterPoint()
    const taken = ['two', 'three'].map((call) => keys.takeOver(scope, 'one', call, 'a'))
    expect(await Promise.all(taken)).toEqual([true, false])
    expect(await keys.claim(scope, 'four', 'a')).toEqual({ state: 'running', callId: 'two' })
    keys.end('two', 'none')
    expect(await keys.claim(scope, 'five', 'a')).toEqual({ state: 'unknown', callId: 'one' })
  })

  it('is found although it goes to the disk while it is looked for there', async () => {
    const slow = Promise.withResolvers<void>()
    let asked = 0
    const looking: SettledKeys = {
      ...settled,
      async find(key) {
        const found = await settled.find(key)
        if (asked++ === 0) await slow.promise
        return found
      },
    }
    keys = new Idempotency({ clock, store, settled: looking })
    const late = keys.claim(scope, 'late', 'a')
    keys.begin(scope, 'one', 'a', clock.now())
    keys.end('one', 'done')
    await afterPoint()
    slow.resolve()
    expect(await late).toEqual({ state: 'done', callId: 'one' })
  })

  it('denies while the disk does not answer: nobody acts on what may have been done', async () => {
    const broken = { ...settled, find: () => Promise.reject(new Error('the disk')) }
    keys = new Idempotency({ clock, store, settled: broken })
    await expect(keys.claim(scope, 'one', 'a')).rejects.toThrow('the disk')
    expect(keys.state()).toEqual([])
  })

  it('gives its result to be erased, and is forgotten with it after a day', async () => {
    await oneOnDisk()
    expect(await keys.resultsOf(new Set(['one']))).toEqual([{ namespace: 'results', key: scope }])
    clock.advance(DAY_MS - 1)
    expect(await keys.forgetSettled()).toBe(false)
    expect(await store.list('results')).toHaveLength(1)
    clock.advance(1)
    expect(await keys.forgetSettled()).toBe(false)
    expect(await store.list('results')).toEqual([])
    expect(await settled.find(scope)).toBeUndefined()
  })

  it('gives its result to be erased although it goes to the disk while it is looked for there', async () => {
    const slow = Promise.withResolvers<void>()
    const looking: SettledKeys = {
      ...settled,
      async ofCalls(calls) {
        const found = await settled.ofCalls(calls)
        await slow.promise
        return found
      },
    }
    keys = new Idempotency({ clock, store, settled: looking })
    await begin('one')
    await keys.keep(scope, 'one', { kind: 'data', bytes: Buffer.from('1') })
    end('one', 'done')
    const found = keys.resultsOf(new Set(['one']))
    await afterPoint()
    slow.resolve()
    expect(await found).toEqual([{ namespace: 'results', key: scope }])
  })

  it('is forgotten only when its result is gone: whoever was killed in between goes on there', async () => {
    await oneOnDisk()
    clock.advance(DAY_MS)
    const killed = new Idempotency({
      ...{ clock, settled },
      store: { ...store, delete: () => Promise.reject(new Error('killed')) },
    })
    await expect(killed.forgetSettled()).rejects.toThrow('killed')
    const restarted = new Idempotency({ clock, store, settled })
    expect(await restarted.resultsOf(new Set(['one']))).toEqual([{ namespace: 'results', key: scope }])
    await restarted.forgetSettled()
    expect(await store.list('results')).toEqual([])
    expect(await settled.find(scope)).toBeUndefined()
  })

  it('is not forgotten while another call has it: should that one come to nothing, its result is still found', async () => {
    await oneOnDisk()
    clock.advance(DAY_MS)
    await begin('two')
    expect(await keys.forgetSettled()).toBe(false)
    end('two', 'none')
    expect(await keys.resultsOf(new Set(['one']))).toHaveLength(1)
    await keys.forgetSettled()
    expect(await store.list('results')).toEqual([])
  })

  it('leaves alone what a later call with the same key has kept', async () => {
    await oneOnDisk()
    clock.advance(DAY_MS)
    await begin('two')
    await keys.forgetSettled()
    await keys.keep(scope, 'two', { kind: 'data', bytes: Buffer.from('2') })
    end('two', 'done')
    await afterPoint()
    await keys.forgetSettled()
    expect(await keys.claim(scope, 'three', 'a')).toEqual({ state: 'done', callId: 'two' })
    expect(await keys.result(scope, 'two')).toBeDefined()
  })
})

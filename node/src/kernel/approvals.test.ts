import { type ApprovalEvent, type Entry, memoryStore, type Store, silentLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { alice, mallory } from '@hansa/trust/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { actionHash } from './approval-action.ts'
import { ApprovalArguments } from './approval-arguments.ts'
import { ApprovalWatchers } from './approval-watchers.ts'
import { APPROVAL_LIFE_SECONDS, ApprovalBook, type ApprovalRequest } from './approvals.ts'

let clock: ManualClock
let ledger: FakeLedger
let book: ApprovalBook
let store: Store

beforeEach(() => {
  clock = manualClock()
  ledger = new FakeLedger(clock)
  store = memoryStore()
  book = new ApprovalBook({
    clock,
    append: ledger.append,
    args: new ApprovalArguments({ store, logger: silentLogger }),
  })
})

const request = (over: Partial<ApprovalRequest> = {}): ApprovalRequest => ({
  action: 'A'.repeat(43),
  principal: 'agent:a',
  capability: 'note.write',
  capHash: 'A'.repeat(43),
  callId: 'C'.repeat(22),
  args: '{"text":"pay 10"}',
  ...over,
})
const asked = async (over: Partial<ApprovalRequest> = {}) => (await book.request(request(over))) ?? 'none'
const granted = async (over: Partial<ApprovalRequest> = {}): Promise<string> => {
  const id = await asked(over)
  await book.decide(id, 'granted', 'person:carla')
  return id
}
const action = request().action
const stateOf = (id: string, of = book) => of.list().find((one) => one.id === id)?.state

function rebuilt(entries: readonly Entry[] = ledger.entries): ApprovalBook {
  return replayed(entries, new ApprovalArguments({ store: memoryStore(), logger: silentLogger }))
}

/** With what the store kept. */
async function restarted(): Promise<ApprovalBook> {
  return replayed(ledger.entries, await ApprovalArguments.open({ store, logger: silentLogger }))
}

function replayed(entries: readonly Entry[], args: ApprovalArguments): ApprovalBook {
  const again = new ApprovalBook({ clock, append: ledger.append, args })
  for (const entry of entries) again.replay(entry)
  again.replayed()
  return again
}

/** A request whose hash is that of its action, as calls make them. */
const exact = (args: string, principal = 'agent:a'): Partial<ApprovalRequest> => {
  const { capability, capHash } = request()
  const action = actionHash({ principal, capability, capHash, args: Buffer.from(args) })
  return { action, principal, args }
}

/** The begin entry of a call that uses an approval. */
function begin(id: string, callId: string): void {
  ledger.append({ type: 'call.begun', call_id: callId, ext: { approval: id } })
  book.use(id, callId)
}

describe('a request on behalf of somebody', () => {
  const olga = { principal: 'agent:a', onBehalfOf: 'person:olga' }
  const of = (onBehalfOf?: string) =>
    actionHash({
      principal: 'agent:a',
      onBehalfOf,
      capability: 'note.write',
      capHash: 'A'.repeat(43),
      args: Buffer.from('{"text":"pay 10"}'),
    })

  it('is another action than the same for somebody else, or for nobody', () => {
    expect(new Set([of('person:olga'), of('person:otto'), of()]).size).toBe(3)
  })

  it('is not approved by whom it is for', async () => {
    const id = await asked({ ...olga, action: of('person:olga') })
    await expect(book.decide(id, 'granted', 'person:olga')).rejects.toMatchObject({
      detail: { code: 'invalid_request' },
    })
    expect(await book.decide(id, 'granted', 'person:carla')).toMatchObject({
      state: 'granted',
      onBehalfOf: 'person:olga',
    })
  })

  it('is known after a restart with its arguments, and for whom it is', async () => {
    const id = await asked({ ...olga, action: of('person:olga') })
    const again = await restarted()
    expect(again.list().find((one) => one.id === id)).toMatchObject({
      onBehalfOf: 'person:olga',
      args: '{"text":"pay 10"}',
    })
  })
})

describe('a request', () => {
  it('is in the log before anyone learns its id', async () => {
    const release = ledger.hold()
    let id: string | undefined
    const asking = book.request(request()).then((given) => {
      id = given
    })
    await Promise.resolve()
    expect([id, ledger.ofType('approval.requested').length]).toEqual([undefined, 1])
    release()
    await asking
    expect(id).toMatch(/^[\w-]{22}$/)
  })

  it('for the same action is made once', async () => {
    expect(await asked()).toBe(await asked({ callId: 'D'.repeat(22) }))
    expect(ledger.entries).toHaveLength(1)
  })

  it('shows the exact arguments, and none at all when they are long', async () => {
    await asked()
    await asked({ action: 'B'.repeat(43), args: 'x'.repeat(16_385) })
    expect(book.list().map(({ args }) => args)).toEqual(['{"text":"pay 10"}', null])
  })

  it('that fails to be written is not held', async () => {
    const mend = ledger.fail('log_full')
    await expect(book.request(request())).rejects.toMatchObject({ detail: { code: 'log_full' } })
    mend()
    expect(book.list()).toEqual([])
  })

  it('is no longer taken from one who has a hundred waiting, whatever pseudonym comes with it', async () => {
    const from = (did: string, at: number) =>
      book.request(request({ action: `${did}${at}`, principal: `${did}#${'p'.repeat((at % 40) + 1)}` }))
    for (let at = 0; at < 100; at++) expect(await from(mallory.did, at)).toBeDefined()
    expect(await from(mallory.did, 100)).toBeUndefined()
    expect(await from(alice.did, 0)).toBeDefined()
  })
})

describe('an approval', () => {
  it.each([
    ['before anyone decided', async () => asked(), action],
    ['that was denied', async () => (await book.decide(await asked(), 'denied', 'person:carla')).id, action],
    ['for another action', () => granted(), 'B'.repeat(43)],
    ['that nobody asked for', async () => 'X'.repeat(22), action],
  ])('%s permits nothing', async (_what, make, wanted) => {
    expect(book.reserve(await make(), wanted, 'call')).toBe(false)
  })

  it('is not granted before the word is durable', async () => {
    const id = await asked()
    const release = ledger.hold()
    const deciding = book.decide(id, 'granted', 'person:carla')
    expect(book.reserve(id, action, 'call')).toBe(false)
    release()
    await deciding
    expect(book.reserve(id, action, 'call')).toBe(true)
  })

  it('is reserved by one call, and by the next when it was given back', async () => {
    const id = await granted()
    expect([book.reserve(id, action, 'one'), book.reserve(id, action, 'two')]).toEqual([true, false])
    book.release(id, 'two')
    expect(book.reserve(id, action, 'two')).toBe(false)
    book.release(id, 'one')
    expect(book.reserve(id, action, 'two')).toBe(true)
  })

  it('that was used permits nothing more', async () => {
    const id = await granted()
    book.reserve(id, action, 'one')
    begin(id, 'one')
    expect([book.reserve(id, action, 'two'), stateOf(id)]).toEqual([false, 'used'])
  })

  it('is not given back by the second of two words that were spoken at the same time', async () => {
    const id = await asked()
    const first = ledger.hold()
    const one = book.decide(id, 'granted', 'person:carla')
    const two = book.decide(id, 'granted', 'person:dan')
    await expect(two).rejects.toMatchObject({ detail: { code: 'invalid_request' } })
    first()
    await one
    expect(book.reserve(id, action, 'call')).toBe(true)
    begin(id, 'call')
    expect(book.reserve(id, action, 'again')).toBe(false)
    expect(ledger.ofType('approval.granted')).toHaveLength(1)
  })

  it('can be decided again when the word could not be written', async () => {
    const id = await asked()
    const mend = ledger.fail('busy')
    await expect(book.decide(id, 'granted', 'person:carla')).rejects.toMatchObject({ detail: { code: 'busy' } })
    mend()
    expect((await book.decide(id, 'granted', 'person:carla')).state).toBe('granted')
  })

  it.each(['pending', 'granted'])('that is %s expires, and a new request is made', async (state) => {
    const id = state === 'pending' ? await asked() : await granted()
    clock.advance(APPROVAL_LIFE_SECONDS * 1000)
    expect([book.reserve(id, action, 'call'), stateOf(id)]).toEqual([false, 'expired'])
    expect(await asked()).not.toBe(id)
  })

  it('is forgotten a day after its end', async () => {
    const id = await granted()
    clock.advance((APPROVAL_LIFE_SECONDS + 86_400) * 1000)
    expect(stateOf(id)).toBeUndefined()
  })
})

describe('after a restart', () => {
  it('requests wait, words stand, used ones stay used; arguments that the store lost are gone', async () => {
    const ids = [
      await asked({ action: 'P'.repeat(43) }),
      await granted({ action: 'G'.repeat(43) }),
      (await book.decide(await asked({ action: 'D'.repeat(43) }), 'denied', 'person:carla')).id,
      await granted({ action: 'U'.repeat(43) }),
    ]
    book.reserve(ids[3] ?? '', 'U'.repeat(43), 'call')
    begin(ids[3] ?? '', 'call')
    const again = rebuilt()
    expect(ids.map((id) => stateOf(id, again))).toEqual(['pending', 'granted', 'denied', 'used'])
    expect(again.list()).toEqual(book.list().map(({ last: _last, ...one }) => ({ ...one, args: null })))
    expect(again.reserve(ids[3] ?? '', 'U'.repeat(43), 'other')).toBe(false)
  })

  it.each([
    ['denied', 'granted'],
    ['approval_required', 'granted'],
    ['failed', 'used'],
    ['outcome_unknown', 'used'],
    ['ok', 'used'],
  ] as const)('a receipt that says %s leaves the approval of its call %s', async (status, state) => {
    const id = await granted()
    begin(id, 'call')
    // The receipt may name another approval: one that the peer asks for.
    ledger.append({ type: 'receipt.received', call_id: 'call', ext: { status, approval: 'P'.repeat(22) } })
    expect(stateOf(id, rebuilt())).toBe(state)
  })

  it('a word that came second in the log changes nothing', async () => {
    const id = await granted()
    ledger.append({ type: 'approval.denied', actor: 'person:dan', ext: { approval: id } })
    expect(stateOf(id, rebuilt())).toBe('granted')
  })
})

describe('the arguments of a request', () => {
  const kept = async (): Promise<string[]> => (await store.list('approval-arguments')).map(({ value }) => value)

  it('are there after a restart, while it waits and while it may be used', async () => {
    const ids = [await asked(exact('{"n":1}')), await granted(exact('{"n":2}'))]
    const again = await restarted()
    expect(ids.map((id) => again.list().find((one) => one.id === id)?.args)).toEqual(['{"n":1}', '{"n":2}'])
  })

  it('that mallory put into the store in place of others are not shown', async () => {
    const id = await asked(exact('{"pay":1000}'))
    await store.set('approval-arguments', id, '{"pay":1}')
    expect((await restarted()).list()).toMatchObject([{ id, args: null }])
  })

  it.each([
    ['denied', async (id: string): Promise<void> => void (await book.decide(id, 'denied', 'person:carla'))],
    [
      'used',
      async (id: string) => {
        await book.decide(id, 'granted', 'person:carla')
        begin(id, 'call')
      },
    ],
    ['expired', async () => void clock.advance(APPROVAL_LIFE_SECONDS * 1000)],
  ] as const)('are erased when it is %s, in memory and in the store', async (state, end) => {
    const id = await asked(exact('{"n":1}'))
    expect(await kept()).toEqual(['{"n":1}'])
    await end(id)
    expect(book.list()).toMatchObject([{ state, args: null }])
    await asked(exact('{"n":2}', 'agent:b'))
    expect(await kept()).toEqual(['{"n":2}'])
  })

  it('of a request that ended while the node was down are erased when it starts', async () => {
    await asked(exact('{"n":1}'))
    clock.advance(APPROVAL_LIFE_SECONDS * 1000)
    await restarted()
    await expect.poll(kept).toEqual([])
  })

  it('come with those that were approved last of the same principal and capability, also after a restart', async () => {
    const lastOf = (of: ApprovalBook, id: string) => of.list().find((one) => one.id === id)?.last
    await granted(exact('{"n":1}'))
    await granted(exact('{"n":2}'))
    await book.decide(await asked(exact('{"n":3}')), 'denied', 'person:carla')
    const [same, other] = [await asked(exact('{"n":4}')), await asked(exact('{"n":4}', 'agent:b'))]
    const approved = Math.floor(clock.now() / 1000)
    for (const of of [book, await restarted()]) {
      expect([lastOf(of, same), lastOf(of, other)]).toEqual([{ args: '{"n":2}', approved }, undefined])
    }
  })

  it('do not fail the call when they cannot be kept', async () => {
    const broken = { ...memoryStore(), set: () => Promise.reject(new Error('disk')) }
    const args = new ApprovalArguments({ store: broken, logger: silentLogger })
    const unlucky = new ApprovalBook({ clock, append: ledger.append, args })
    expect(await unlucky.request(request())).toMatch(/^[\w-]{22}$/)
  })
})

describe('a person', () => {
  it('cannot approve what they ask for, and can take it back', async () => {
    const id = await asked({ principal: 'person:ana' })
    await expect(book.decide(id, 'granted', 'person:ana')).rejects.toMatchObject({
      detail: { code: 'invalid_request' },
      message: expect.stringContaining('another person has to approve it'),
    })
    expect([stateOf(id), ledger.ofType('approval.granted')]).toEqual(['pending', []])
    expect((await book.decide(id, 'denied', 'person:ana')).state).toBe('denied')
  })

  it('says why and which way it came, in the log and after a restart', async () => {
    const id = await asked()
    await book.decide(id, 'granted', 'person:carla', { reason: 'order 4711', source: 'uid 1000' })
    expect(ledger.ofType('approval.granted')).toMatchObject([
      { actor: 'person:carla', ext: { reason: 'order 4711', source: 'uid 1000' } },
    ])
    expect(rebuilt().list()).toMatchObject([{ id, state: 'granted', reason: 'order 4711' }])
  })
})

describe('whoever watches', () => {
  /** Reads along from now on. */
  function reader(signal?: AbortSignal) {
    const events: ApprovalEvent[] = []
    const ended = (async () => {
      for await (const event of book.watch(signal)) events.push(event)
    })()
    const seen = () =>
      events.map((event) =>
        event.type === 'watching' ? event.waiting.map(({ id }) => id) : [event.type, event.approval.id],
      )
    return { events, seen, ended }
  }

  it('is told what waits, and then each request, decision and end as it happens', async () => {
    const before = await asked({ action: 'P'.repeat(43) })
    const { events, seen, ended } = reader()
    const [first, second] = [await asked(), await asked({ action: 'B'.repeat(43) })]
    await book.decide(first, 'granted', 'person:carla', { reason: 'order 4711' })
    await book.decide(second, 'denied', 'person:dan')
    clock.advance(APPROVAL_LIFE_SECONDS * 1000)
    book.expire()
    book.close()
    book.close()
    await ended
    expect(seen()).toEqual([
      [before],
      ['requested', first],
      ['requested', second],
      ['granted', first],
      ['denied', second],
    ])
    expect(events[1]).toMatchObject({ approval: { callId: request().callId, action, args: '{"text":"pay 10"}' } })
    expect(events[3]).toMatchObject({ approval: { approver: 'person:carla', reason: 'order 4711' } })
  })

  it('is told of the end of what nobody decided, and of what nobody used', async () => {
    const { seen } = reader()
    const ids = [await asked({ action: 'P'.repeat(43) }), await granted()]
    clock.advance(APPROVAL_LIFE_SECONDS * 1000)
    book.expire()
    book.expire()
    await expect.poll(() => seen().slice(-2)).toEqual(ids.map((id) => ['expired', id]))
  })

  it('hears of no request that is not in the log yet', async () => {
    const { seen } = reader()
    const release = ledger.hold()
    const asking = asked()
    await new Promise(setImmediate)
    expect(seen()).toEqual([[]])
    release()
    const id = await asking
    await expect.poll(seen).toEqual([[], ['requested', id]])
  })

  it('leaves when it wants to', async () => {
    const left = new AbortController()
    const { seen, ended } = reader(left.signal)
    const id = await asked()
    await expect.poll(() => seen().length).toBe(2)
    left.abort()
    await ended
    await granted({ action: 'B'.repeat(43) })
    expect(seen()).toEqual([[], ['requested', id]])
  })
})

describe(ApprovalWatchers, () => {
  it('end a reader that does not read, and hold nobody up for it', async () => {
    const watchers = new ApprovalWatchers()
    const events = watchers.watch(() => ({ at: 1, waiting: [] }))[Symbol.asyncIterator]()
    await events.next()
    const event: ApprovalEvent = { type: 'watching', at: 2, waiting: [] }
    for (let told = 0; told <= 10_000; told++) watchers.tell(event)
    await expect(events.next()).rejects.toMatchObject({ detail: { code: 'busy' } })
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })
})

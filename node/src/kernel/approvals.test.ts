import type { Entry } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { alice, mallory } from '@hansa/trust/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { APPROVAL_LIFE_SECONDS, ApprovalBook, type ApprovalRequest } from './approvals.ts'

let clock: ManualClock
let ledger: FakeLedger
let book: ApprovalBook

beforeEach(() => {
  clock = manualClock()
  ledger = new FakeLedger(clock)
  book = new ApprovalBook({ clock, append: ledger.append })
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
const granted = async (over: Partial<ApprovalRequest> = {}) => {
  const id = await asked(over)
  await book.decide(id, 'granted', 'person:carla')
  return id
}
const action = request().action
const stateOf = (id: string, of = book) => of.list().find((one) => one.id === id)?.state

function rebuilt(entries: readonly Entry[] = ledger.entries): ApprovalBook {
  const again = new ApprovalBook({ clock, append: ledger.append })
  for (const entry of entries) again.replay(entry)
  return again
}

/** The begin entry of a call that uses an approval. */
function begin(id: string, callId: string): void {
  ledger.append({ type: 'call.begun', call_id: callId, ext: { approval: id } })
  book.use(id, callId)
}

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
  it('requests wait, words stand, used ones stay used; only the arguments are gone', async () => {
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
    expect(again.list()).toEqual(book.list().map((one) => ({ ...one, args: null })))
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

import { memoryStore, type Store, silentLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { EventOutbox } from '../kernel/event-outbox.ts'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { ExceptionDesk } from './exception-desk.ts'

const [ana, ben] = ['person:ana', 'person:ben'] as const
const ask = { principal: 'agent:ops', capability: 'db.restore', reason: 'outage', minutes: 30, by: ana }

let clock: ManualClock
let store: Store
let ledger: FakeLedger

beforeEach(() => {
  clock = manualClock(1_800_000_000_000)
  store = memoryStore()
  ledger = new FakeLedger(clock)
})

async function opened(): Promise<ExceptionDesk> {
  const events = new EventOutbox({ store, logger: silentLogger, ledger: () => ledger, room: async () => {} })
  await events.open()
  return ExceptionDesk.open({ store, clock, logger: silentLogger, events })
}
const permits = (desk: ExceptionDesk) => desk.permitting(['agent:ops'], 'db.restore')

describe('an exception', () => {
  it('permits from the confirmation to its last second, and no other principal or capability', async () => {
    const desk = await opened()
    const { id } = await desk.ask(ask)
    expect(permits(desk)).toBeUndefined()
    await desk.confirm({ id, by: ben })
    expect(permits(desk)).toBe(id)
    expect(desk.permitting(['agent:mallory', 'did:key:z6Mk'], 'db.restore')).toBeUndefined()
    expect(desk.permitting(['agent:ops'], 'db.restore.all')).toBeUndefined()
    clock.advance(30 * 60_000 - 1)
    expect(permits(desk)).toBe(id)
    clock.advance(1)
    expect(permits(desk)).toBeUndefined()
  })

  it.each(['person:ana', 'person:a.na', 'person:an_a', 'agent:ops', 'did:key:z6Mk', 'person:Ben', 'person:ops '])(
    'is not confirmed by %j',
    async (by) => {
      const desk = await opened()
      const { id } = await desk.ask(ask)
      await expect(desk.confirm({ id, by })).rejects.toMatchObject({ detail: { code: 'policy_denied' } })
      expect(permits(desk)).toBeUndefined()
    },
  )

  it('for a person is not confirmed by that person, under any spelling', async () => {
    const desk = await opened()
    const { id } = await desk.ask({ ...ask, principal: 'person:mallory' })
    await expect(desk.confirm({ id, by: 'person:mal-lory' })).rejects.toThrow(/whom the exception is for/)
  })

  it('is confirmed once, by one of two who try at the same moment', async () => {
    const desk = await opened()
    const { id } = await desk.ask(ask)
    const both = await Promise.allSettled([desk.confirm({ id, by: ben }), desk.confirm({ id, by: 'person:cy' })])
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(ledger.ofType('exception.granted')).toHaveLength(1)
  })

  it('that a person ends is over at once, also when that cannot be kept', async () => {
    const desk = await opened()
    const { id } = await desk.ask(ask)
    await desk.confirm({ id, by: ben })
    const { apply } = store
    store.apply = () => Promise.reject(new Error('the disk is full'))
    await expect(desk.end({ id, by: ana })).rejects.toThrow('the disk is full')
    expect(permits(desk)).toBeUndefined()
    store.apply = apply
    await expect(desk.end({ id, by: ana })).rejects.toThrow(/is over/)
  })

  it('is told of once when its time is over, and forgotten after a month', async () => {
    const desk = await opened()
    const { id } = await desk.ask(ask)
    await desk.confirm({ id, by: ben })
    await desk.ask({ ...ask, principal: 'agent:other' })
    clock.advance(60 * 60_000)
    await Promise.all([desk.tick(), desk.tick()])
    expect(ledger.ofType('exception.ended').map(({ ext }) => ext?.subject)).toEqual(['agent:ops', 'agent:other'])
    expect(desk.list().map(({ state, endedBy }) => [state, endedBy])).toEqual([
      ['over', null],
      ['over', null],
    ])
    clock.advance(31 * 86_400_000)
    await desk.tick()
    expect(desk.list()).toEqual([])
    expect(await store.list('governance.exceptions')).toEqual([])
  })

  it('that cannot be read after a start permits nothing', async () => {
    const first = await opened()
    const { id } = await first.ask(ask)
    await first.confirm({ id, by: ben })
    expect(permits(await opened())).toBe(id)
    await store.set('governance.exceptions', id, '{"v":1,"state":"in_force"}')
    expect(permits(await opened())).toBeUndefined()
  })

  it('is one of fifty at the most, so that nobody makes the policy of them', async () => {
    const desk = await opened()
    for (let n = 0; n < 50; n++) await desk.ask({ ...ask, principal: `agent:a${n}` })
    await expect(desk.ask(ask)).rejects.toMatchObject({ detail: { code: 'busy' } })
    clock.advance(60 * 60_000)
    await expect(desk.ask(ask)).resolves.toMatchObject({ state: 'asked' })
  })

  it('is not asked for what whoever has a case can call anyway', async () => {
    const desk = await opened()
    await expect(desk.ask({ ...ask, capability: 'governance.appeal' })).rejects.toThrow(/without an exception/)
  })
})

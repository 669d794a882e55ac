import { type EntryDraft, memoryStore, type Store, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { EventOutbox } from './event-outbox.ts'

const added: EntryDraft = { type: 'agent.added', actor: 'agent:a', ext: { agent: 'a' } }
const removed: EntryDraft = { type: 'agent.removed', actor: 'agent:a', ext: { agent: 'a' } }
const state = { namespace: 'agents', key: 'a', value: '{}' }

let store: Store
let ledger: FakeLedger

beforeEach(() => {
  store = memoryStore()
  ledger = new FakeLedger(manualClock())
})

const outbox = (over: { store?: Store; room?: () => Promise<void> } = {}) =>
  new EventOutbox({ store, logger: silentLogger, ledger: () => ledger, room: async () => {}, ...over })

/** Its process ends before the row of a drained event is deleted. */
const dies = (of: Store): Store => ({ ...of, delete: () => Promise.reject(new Error('the process ended')) })

describe('a change of state and its event', () => {
  it('are both there, with the id that joins them, and nothing waits', async () => {
    await outbox().record(added, [state])
    expect(await store.get('agents', 'a')).toBe('{}')
    expect(ledger.entries).toMatchObject([{ type: 'agent.added', ext: { agent: 'a', event: expect.any(String) } }])
    expect(await store.list('outbox')).toEqual([])
  })

  it('are neither of them there when the transaction fails', async () => {
    const failing = { ...store, apply: () => Promise.reject(new Error('the disk is full')) }
    await expect(outbox({ store: failing }).record(added, [state])).rejects.toThrow('the disk is full')
    expect(ledger.entries).toEqual([])
    expect(await store.get('agents', 'a')).toBeUndefined()
  })

  it('keep the order in which they were committed, when many are at once', async () => {
    const one = outbox()
    const names = Array.from({ length: 40 }, (_, index) => `agent-${index}`)
    await Promise.all(names.map((agent) => one.record({ ...added, ext: { agent } }, [])))
    expect(ledger.entries.map(({ ext }) => ext?.agent)).toEqual(names)
    expect(new Set(ledger.entries.map(({ ext }) => ext?.event)).size).toBe(40)
  })

  it('are refused together by a log that is full, unless the event takes something away', async () => {
    ledger.full = true
    await expect(outbox().record(added, [state])).rejects.toMatchObject({ detail: { code: 'log_full' } })
    expect(await store.get('agents', 'a')).toBeUndefined()
    await outbox().record(removed, [{ namespace: 'agents', key: 'a' }])
    expect(ledger.ofType('agent.removed')).toHaveLength(1)
  })

  it('are refused together when the event cannot become an entry, so that no start meets one that never can', async () => {
    const reasons = ['a lone \ud800 surrogate', 'x'.repeat(1_025)]
    for (const reason of reasons) {
      await expect(outbox().record({ ...added, ext: { reason } }, [state])).rejects.toThrow()
    }
    const records = Array.from({ length: 1_000 }, () => 'A'.repeat(43))
    const most: EntryDraft = {
      type: 'content.erased',
      ext: { records, reason: 'é'.repeat(1_024), note: 'é'.repeat(512) },
    }
    await outbox().record(most, [])
    expect([await store.get('agents', 'a'), ledger.entries.length]).toEqual([undefined, 1])
    expect(await store.list('outbox')).toEqual([])
  })

  it('wait for a log that is busy', async () => {
    const end = ledger.fail('busy')
    let waited = 0
    const room = async () => {
      waited += 1
      if (waited === 3) end()
    }
    await outbox({ room }).record(added, [state])
    expect([waited, ledger.entries.length]).toEqual([3, 1])
  })
})

describe('an event whose process ended before it was in the log', () => {
  it('is written by the next one', async () => {
    ledger.fail('log_full')
    await expect(outbox().record(added, [state])).rejects.toThrow()
    ledger = new FakeLedger(manualClock())
    await outbox().open()
    expect(ledger.entries).toMatchObject([{ type: 'agent.added' }])
    expect(await store.list('outbox')).toEqual([])
  })

  it('is written in the same process too, once the log takes it again', async () => {
    const end = ledger.fail('log_full')
    const one = outbox()
    await expect(one.record(added, [state])).rejects.toThrow()
    await one.tick()
    expect(ledger.entries).toEqual([])
    end()
    await one.tick()
    expect(ledger.entries).toHaveLength(1)
  })
})

describe('an event whose process ended when it was in the log', () => {
  it('is not written again', async () => {
    await outbox().record(removed, [])
    await expect(outbox({ store: dies(store) }).record(added, [state])).rejects.toThrow('the process ended')
    expect(await store.list('outbox')).toHaveLength(1)
    await outbox().open()
    expect(ledger.entries.map(({ type }) => type)).toEqual(['agent.removed', 'agent.added'])
    expect(await store.list('outbox')).toEqual([])
  })

  it('is written again when the log it was in is gone: what is told twice is better than what is not told', async () => {
    await expect(outbox({ store: dies(store) }).record(added, [state])).rejects.toThrow()
    ledger = new FakeLedger(manualClock())
    await outbox().open()
    expect(ledger.entries).toHaveLength(1)
  })

  it('does not take the place of one that comes later', async () => {
    await expect(outbox({ store: dies(store) }).record(added, [state])).rejects.toThrow()
    const next = outbox()
    await next.open()
    await next.record(removed, [])
    expect(ledger.entries.map(({ type }) => type)).toEqual(['agent.added', 'agent.removed'])
  })
})

it('stops the start for a row that cannot be read, because an event must not be passed over', async () => {
  await store.set('outbox', '000000000000', '{"v":1}')
  await expect(outbox().open()).rejects.toThrow('restore the store')
})

describe('an event of a change that is made outside the store', () => {
  const classified: EntryDraft = { type: 'capability.classified', actor: 'person:olga', cap: 'tools.read' }
  const inForce = async () => ({ cap_hash: 'A'.repeat(43) })
  const notThere = async () => undefined

  it('is told when the change has happened, with what is known of it then', async () => {
    const held = await outbox().hold(classified, 'what to look for')
    expect(ledger.entries).toEqual([])
    await held.record({ cap_hash: 'A'.repeat(43) })
    expect(ledger.entries).toMatchObject([{ ...classified, cap_hash: 'A'.repeat(43) }])
    expect(await store.list('outbox-held')).toEqual([])
  })

  it('is not told when it has not', async () => {
    await (await outbox().hold(classified, '')).drop()
    await outbox().settle(inForce)
    expect(ledger.entries).toEqual([])
  })

  it('is looked for by the next process: told once where it happened, dropped where it did not', async () => {
    await outbox().hold(classified, 'first')
    await outbox().hold(removed, 'second')
    const asked: string[] = []
    const settle = (found: string) =>
      outbox().settle((about) => {
        asked.push(about)
        return about === found ? inForce() : notThere()
      })
    await settle('first')
    await settle('first')
    expect(asked.sort()).toEqual(['first', 'second'])
    expect(ledger.entries.map(({ type, actor }) => [type, actor])).toEqual([['capability.classified', 'person:olga']])
  })

  it('is told once when the process ended after the change was told', async () => {
    const held = await outbox({ store: dies(store) }).hold(classified, 'first')
    await expect(held.record()).rejects.toThrow('the process ended')
    const next = outbox()
    await next.open()
    await next.settle(inForce)
    expect(ledger.entries).toHaveLength(1)
  })

  it('is refused before the change by a log that would not take it', async () => {
    ledger.full = true
    await expect(outbox().hold(classified, '')).rejects.toMatchObject({ detail: { code: 'log_full' } })
    expect(await store.list('outbox-held')).toEqual([])
  })
})

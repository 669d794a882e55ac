import { type EntryExt, memoryStore, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { newAgentCredential } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { AgentBook } from './agent-book.ts'
import { EventOutbox } from './event-outbox.ts'

async function book(store = memoryStore()) {
  const clock = manualClock(1_700_000_000_000)
  const ledger = new FakeLedger(clock)
  const events = new EventOutbox({ store, logger: silentLogger, ledger: () => ledger, room: async () => {} })
  return { agents: await AgentBook.open({ store, clock, events }), store, entries: ledger.entries }
}

describe(AgentBook, () => {
  it('knows an agent by its credential, and nobody by another one', async () => {
    const { agents } = await book()
    const { credential, ...info } = await agents.add({ name: 'reporter' })
    expect(info).toEqual({ name: 'reporter', principal: 'agent:reporter', created: 1_700_000_000 })
    await agents.add({ name: 'other' })
    expect(agents.identify(credential)).toMatchObject({ name: 'reporter', principal: 'agent:reporter' })
    for (const text of [newAgentCredential(), credential.slice(0, -1), `${credential}A`, '', 'hansa_agent_']) {
      expect(agents.identify(text), text).toBeUndefined()
    }
  })

  it('keeps the hash and nothing else of a credential, in the store and in the log', async () => {
    const { agents, store, entries } = await book()
    const { credential } = await agents.add({ name: 'reporter', principal: 'agent:reports' })
    const kept = JSON.stringify([await store.list('agents'), entries])
    expect(kept).not.toContain(credential.slice('hansa_agent_'.length, -6))
    const said: EntryExt = { agent: 'reporter', event: expect.any(String) }
    expect(entries).toMatchObject([{ type: 'agent.added', actor: 'agent:reports', ext: said }])
    expect(entries[0]?.ext).toEqual(said)
    await agents.remove('reporter')
    expect(entries.at(-1)).toMatchObject({ type: 'agent.removed', actor: 'agent:reports', ext: said })
  })

  it('knows its agents again after a restart', async () => {
    const { agents, store } = await book()
    const { credential } = await agents.add({ name: 'reporter' })
    const again = await book(store)
    expect(again.agents.list()).toEqual(agents.list())
    expect(again.agents.identify(credential)?.name).toBe('reporter')
  })

  it('takes a credential away at once, for what is open too, and for good', async () => {
    const { agents, store } = await book()
    const { credential } = await agents.add({ name: 'reporter' })
    const open = agents.identify(credential)
    const removal = agents.remove('reporter')
    expect(agents.identify(credential)).toBeUndefined()
    expect(open?.removed.aborted).toBe(true)
    await removal
    expect((await book(store)).agents.identify(credential)).toBeUndefined()
    await expect(agents.remove('reporter')).rejects.toMatchObject({ detail: { code: 'not_found' } })
  })

  it('gives an agent that is added again another credential', async () => {
    const { agents } = await book()
    const first = await agents.add({ name: 'reporter' })
    await agents.remove('reporter')
    const second = await agents.add({ name: 'reporter' })
    expect(agents.identify(first.credential)).toBeUndefined()
    expect(agents.identify(second.credential)?.removed.aborted).toBe(false)
  })

  it('has one agent of a name, also when two are added at the same time', async () => {
    const { agents } = await book()
    const both = await Promise.allSettled([agents.add({ name: 'a' }), agents.add({ name: 'a' })])
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })

  it.each([
    ['a person', { name: 'ana', principal: 'person:ana' }],
    ['another kernel', { name: 'orgb', principal: 'did:key:z6MkfakePeer' }],
    ['a name that reaches a prototype', { name: '__proto__' }],
    ['no name', { name: '' }],
  ])('makes no credential for %s', async (_what, init) => {
    const { agents, entries } = await book()
    await expect(agents.add(init)).rejects.toMatchObject({ detail: { code: 'invalid_request' } })
    expect(entries).toEqual([])
  })

  it('lets nobody in by a record that was tampered with', async () => {
    const { agents, store } = await book()
    const { credential } = await agents.add({ name: 'reporter' })
    const stored = JSON.parse((await store.get('agents', 'reporter')) ?? '') as object
    for (const record of [{ ...stored, principal: 'person:olga' }, { ...stored, hash: '' }, {}, null]) {
      await store.set('agents', 'reporter', JSON.stringify(record))
      expect((await book(store)).agents.identify(credential)).toBeUndefined()
    }
    await store.set('agents', 'reporter', 'no json')
    expect((await book(store)).agents.list()).toEqual([])
  })
})

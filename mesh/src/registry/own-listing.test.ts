import { type Code, type ListingStatus, memoryStore } from '@hansa/protocols'
import { signManifest } from '@hansa/trust'
import { noteKey } from '@hansa/trust/ledger'
import { alice, aManifest, bob, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { FakeRegistryLog } from '../testing/fake-registry-log.ts'
import { checkOwnListing } from './own-listing.ts'
import type { RegistryClient, RegistryReply } from './registry-client.ts'
import { type RegistryRefusal, registryMemory } from './registry-memory.ts'

const URL = 'https://registry.test/'
const own = signManifest(bob, aManifest())
const others = { kernel_id: alice.did, seq: 1, hash: own.hash }
const listed = { kernel_id: bob.did, seq: NOW, hash: own.hash }

function setting() {
  const caught: [string, RegistryRefusal][] = []
  const store = memoryStore()
  const memory = registryMemory({ store, refused: (url, refusal) => void caught.push([url, refusal]) })
  const log = new FakeRegistryLog()
  const state = { log, status: {} as Partial<ListingStatus>, fault: undefined as Code | undefined, index: 0 }
  const good = <T>(value: T): RegistryReply<T> =>
    state.fault === undefined ? { ok: true, value } : { ok: false, code: state.fault, reason: 'as the test says' }
  const client = {
    checkpoint: async (since?: number) => good(state.log.checkpoint(since)),
    entry: async (index: number) => good(state.log.prove(index)),
    status: async () =>
      good({
        ...listed,
        state: 'alive',
        since: NOW,
        equivocated: false,
        index: state.index,
        ...state.status,
      } as ListingStatus),
  } as unknown as RegistryClient
  for (let at = 0; at < 3; at++) log.append('listed', others)
  state.index = log.append('listed', listed)
  return { state, store, memory, caught, check: () => checkOwnListing({ client, memory, url: URL }, own) }
}

describe(checkOwnListing, () => {
  it('is content with the newest manifest, proven to be in the log', async () => {
    const { check, state } = setting()
    expect(await check()).toEqual({ ok: true, seq: NOW, index: 3 })
    state.log.append('listed', others)
    expect(await check()).toEqual({ ok: true, seq: NOW, index: 3 })
  })

  it.each([
    ['missing', { state: 'unreachable' }],
    ['missing', { state: 'dead' }],
    ['older', { seq: NOW - 1 }],
    ['older', { state: 'withdrawn', seq: NOW - 1 }],
    ['another', { seq: NOW + 1 }],
    ['another', { hash: signManifest(bob, aManifest({ name: 'another' })).hash }],
  ] as const)('finds itself %s in %j', async (kind, status) => {
    const { check, state } = setting()
    state.status = status
    expect(await check()).toMatchObject({ ok: false, kind })
  })

  it('finds nothing when the registry cannot be asked: absence means nothing', async () => {
    const { check, state } = setting()
    state.fault = 'remote_refused'
    expect(await check()).toMatchObject({ ok: false, kind: 'unanswered' })
  })

  it('finds itself missing in a registry that has never heard of it', async () => {
    const { check, state } = setting()
    state.fault = 'not_found'
    expect(await check()).toMatchObject({ ok: false, kind: 'missing' })
  })

  it('is not content with what is in no log: mallory lists it and keeps it out of the tree', async () => {
    const { check, state } = setting()
    state.index = 1
    expect(await check()).toMatchObject({ ok: false, kind: 'unproven' })
  })

  it.each([
    ['rolled_back', (log: FakeRegistryLog) => log.copy(log.entries.slice(0, 3))],
    ['forked', (log: FakeRegistryLog) => log.copy([...log.entries.slice(1), log.entries[0] ?? ''])],
    ['forked', (log: FakeRegistryLog) => log.copy(['{}', ...log.entries])],
    ['another_key', () => new FakeRegistryLog(noteKey('registry.test/log', new Uint8Array(32)))],
  ] as const)('catches a registry whose log is %s, and asks it no more, also after a start', async (kind, bend) => {
    const { check, state, memory, caught, store } = setting()
    await check()
    const honest = state.log
    state.log = bend(honest)
    expect(await check()).toMatchObject({ ok: false, kind })
    state.log = honest
    expect(await check()).toMatchObject({ ok: false, kind })
    expect(caught).toHaveLength(1)
    expect(await registryMemory({ store }).refusal('https://registry.test')).toMatchObject({ kind })
    await memory.forget(URL)
    expect(await check()).toMatchObject({ ok: true })
  })

  it('catches a registry that changed an old entry and goes on as if nothing was', async () => {
    const { check, state } = setting()
    await check()
    const entries = [...state.log.entries]
    entries[1] = entries[1]?.replace('listed', 'dead') ?? ''
    state.log = state.log.copy(entries)
    for (let at = 0; at < 5; at++) state.log.append('listed', others)
    expect(await check()).toMatchObject({ ok: false, kind: 'forked' })
  })

  it('takes no checkpoint that the key of the log did not sign', async () => {
    const { check, state } = setting()
    const { key } = state.log
    state.log.key = { name: key.name, vkey: key.vkey, sign: (text) => noteKey(key.name, new Uint8Array(32)).sign(text) }
    expect(await check()).toMatchObject({ ok: false, kind: 'unsigned' })
  })
})

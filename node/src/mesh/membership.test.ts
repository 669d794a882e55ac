import { type Did, memoryStore, type Store, silentLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { alice, bob } from '@hansa/trust/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { EventOutbox } from '../kernel/event-outbox.ts'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { Membership } from './membership.ts'

const by = 'person:olga'
const orgb = { did: alice.did, endpoint: 'https://orgb.example', name: 'orgb' }

let store: Store
let clock: ManualClock
let ledger: FakeLedger

beforeEach(() => {
  store = memoryStore()
  clock = manualClock()
  ledger = new FakeLedger(clock)
})

const open = () =>
  Membership.open({
    store,
    clock,
    events: new EventOutbox({ store, logger: silentLogger, ledger: () => ledger, room: async () => {} }),
  })

describe('a kernel', () => {
  it('takes part in no mesh by itself', async () => {
    const membership = await open()
    expect([membership.since, membership.named()]).toEqual([undefined, []])
  })

  it('takes part from when it was said, through whom was named, and after a restart too', async () => {
    const since = Math.floor(clock.now() / 1000)
    await (await open()).join(by, orgb)
    clock.advance(60_000)
    const again = await open()
    expect([again.since, again.named(), again.has(alice.did)]).toEqual([since, [{ ...orgb, since }], true])
    expect(ledger.ofType('mesh.joined')).toMatchObject([
      { actor: by, peer: alice.did, ext: { note: 'https://orgb.example' } },
    ])
  })

  it('takes part without naming anybody: others join through it', async () => {
    await (await open()).join(by)
    expect([(await open()).since, (await open()).named()]).toEqual([expect.any(Number), []])
  })

  it('keeps the first moment when it joins through another one, and the last endpoint of each', async () => {
    const membership = await open()
    await membership.join(by, orgb)
    const { since } = membership
    clock.advance(5_000)
    await membership.join(by, { did: bob.did, endpoint: 'https://orgc.example' })
    await membership.join(by, { ...orgb, endpoint: 'https://moved.example' })
    const again = await open()
    expect(again.since).toBe(since)
    expect(again.named().map(({ endpoint }) => endpoint)).toEqual(
      expect.arrayContaining(['https://orgc.example', 'https://moved.example']),
    )
    expect(again.named()).toHaveLength(2)
  })

  it('that leaves has forgotten through whom it joined, also after a restart, and its log says so', async () => {
    const membership = await open()
    await membership.join(by, orgb)
    await membership.leave(by)
    const again = await open()
    expect([membership.since, again.since, again.named()]).toEqual([undefined, undefined, []])
    expect(ledger.entries.map(({ type }) => type)).toEqual(['mesh.joined', 'mesh.left'])
  })

  it('does not start with a record that cannot be read: it must not look like none', async () => {
    await store.set('mesh.membership', 'did:web:x.example' satisfies Did, '{"v":2}')
    await expect(open()).rejects.toThrow('restore the store')
  })

  it('names no more than 64, so that it is not everybody whom each round tells', async () => {
    const membership = await open()
    for (let n = 0; n < 64; n++) await membership.join(by, { ...orgb, did: `did:web:k${n}.example` })
    await expect(membership.join(by, { ...orgb, did: 'did:web:one-more.example' })).rejects.toMatchObject({
      detail: { code: 'invalid_request' },
    })
    await membership.join(by, { ...orgb, did: 'did:web:k0.example' })
    expect(membership.named()).toHaveLength(64)
  })
})

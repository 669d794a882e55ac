import { memoryStore, type Store, silentLogger, WITHDRAWAL_TYP, withdrawalSchema } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { didKeyResolver, verifyJws, verifyManifest } from '@hansa/trust'
import { alice } from '@hansa/trust/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { aLocalTarget } from '../testing/calls.ts'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { EventOutbox } from './event-outbox.ts'
import { LocalCapabilities } from './local-capabilities.ts'
import { MANIFEST_LIFE_SECONDS, ManifestPublisher } from './manifest-publisher.ts'
import { compileOrThrow, PolicyHolder } from './policy-holder.ts'

let clock: ManualClock
let ledger: FakeLedger
let store: Store
let locals: LocalCapabilities
let policy: PolicyHolder

beforeEach(() => {
  clock = manualClock()
  ledger = new FakeLedger(clock)
  store = memoryStore()
  locals = new LocalCapabilities()
  policy = new PolicyHolder(compileOrThrow([]), 1)
})

const { driver } = aLocalTarget()
const publisher = (over: { store?: Store } = {}) =>
  new ManifestPublisher(
    {
      self: alice.did,
      signer: alice,
      clock,
      store,
      ledger: { origin: `${alice.did}/log/1`, vkey: 'k+1+1' },
      locals,
      policy,
      events: new EventOutbox({
        store: over.store ?? store,
        logger: silentLogger,
        ledger: () => ledger,
        room: async () => {},
      }),
      ...over,
    },
    { name: 'alice', endpoint: 'https://alice.example' },
  )

describe('a manifest', () => {
  it('is the same bytes while nothing changed and half its life is left', async () => {
    const of = publisher()
    const first = await of.current()
    clock.advance((MANIFEST_LIFE_SECONDS / 2) * 1000 - 1)
    expect(await of.current()).toBe(first)
    clock.advance(1)
    expect((await of.current()).manifest.seq).toBeGreaterThan(first.manifest.seq)
  })

  it('verifies as what a peer would see, and names the one before', async () => {
    const of = publisher()
    const first = await of.current()
    locals.add({ id: 'echo', safety: 'READ' }, driver)
    const second = await of.current()
    expect(second.manifest.prev).toBe(first.hash)
    const verdict = await verifyManifest(second.jws, {
      resolver: didKeyResolver(),
      now: Math.floor(clock.now() / 1000),
    } as never)
    expect(verdict).toMatchObject({ ok: true })
  })

  it('has a number above the tombstone that took back the ones before, also after a restart', async () => {
    const of = publisher()
    const first = await of.current()
    const { jws, seq } = await of.withdraw()
    expect(seq).toBeGreaterThan(first.manifest.seq)
    const issuerOf = (payload: unknown) => withdrawalSchema.parse(payload).kernel_id
    const init = { resolver: didKeyResolver(), typ: WITHDRAWAL_TYP, maxBytes: 8_192, issuerOf }
    expect(await verifyJws(jws, init)).toMatchObject({ ok: true, payload: { kernel_id: alice.did, seq } })
    expect((await of.current()).manifest.seq).toBeGreaterThan(seq)
    const { seq: next } = await of.withdraw()
    expect((await publisher().current()).manifest.seq).toBeGreaterThan(next)
  })

  it('is made once for many who ask at once', async () => {
    const of = publisher()
    const all = await Promise.all(Array.from({ length: 30 }, () => of.current()))
    expect([new Set(all.map(({ jws }) => jws)).size, ledger.ofType('manifest.published').length]).toEqual([1, 1])
  })

  it('never lacks what was registered before it was asked for, also while another is being made', async () => {
    const of = publisher()
    const release = ledger.hold()
    const early = of.current()
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    locals.add({ id: 'echo', safety: 'READ' }, driver)
    const late = of.current()
    release()
    expect((await late).manifest.capabilities.map(({ id }) => id)).toEqual(['echo'])
    expect((await late).manifest.seq).toBeGreaterThan((await early).manifest.seq)
  })

  it('follows a change of policy, so that a peer sees its version', async () => {
    const of = publisher()
    await of.current()
    policy.put(compileOrThrow([]))
    expect((await of.current()).manifest.policy).toMatchObject({ version: 2, min_version: 2 })
  })
})

describe('a sequence number', () => {
  it('is never given twice, not within a second, not after a restart, not when the clock steps back', async () => {
    const seen: number[] = []
    for (let start = 0; start < 3; start++) {
      const of = publisher()
      for (let change = 0; change < 3; change++) {
        seen.push((await of.current()).manifest.seq)
        locals.add({ id: `c${start}${change}` }, driver)
      }
    }
    clock = manualClock(clock.now() - 86_400_000)
    seen.push((await publisher().current()).manifest.seq)
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b))
  })

  it('is stored before the manifest is served, and is spent when the log does not take it', async () => {
    const of = publisher()
    const mend = ledger.fail('log_full')
    await expect(of.current()).rejects.toMatchObject({ detail: { code: 'log_full' } })
    const spent = JSON.parse((await store.get('manifest', 'last')) ?? '{}').seq
    mend()
    expect((await of.current()).manifest.seq).toBeGreaterThan(spent)
  })

  it('is not served at all when it cannot be stored', async () => {
    const failing = { ...store, apply: () => Promise.reject(new Error('the disk')) }
    await expect(Promise.resolve(publisher({ store: failing }).current())).rejects.toThrow('the disk')
    expect(ledger.entries).toEqual([])
  })
})

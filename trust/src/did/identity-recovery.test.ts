/** Mallory has the update key of bob, and bob has a recovery key: which history peers believe, and for how long. */
import type { Did } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { signingKey, TestDid } from '../testing/did-logs.ts'
import { NOW } from '../testing/manifests.ts'
import { type DidMemory, identityResolver, type RememberedDid } from './identity-resolver.ts'
import { multikeyOf } from './multikey.ts'
import { nextKeyHash } from './webvh/entry-hash.ts'

const HOUR = 3_600
const [bobs, mallorys, bobsNew] = [signingKey('bob', 1), signingKey('mallory', 1), signingKey('bob', 2)]
const recovery = signingKey('recovery of bob', 1)

let clock: ManualClock
let bytes: Uint8Array
let told: string[]
let memory: DidMemory

beforeEach(() => {
  clock = manualClock(NOW * 1000)
  told = []
  const all = new Map<Did, RememberedDid>()
  memory = {
    read: async (did) => all.get(did),
    write: async (did, remembered) => void all.set(did, structuredClone(remembered)),
    delete: async (did) => void all.delete(did),
  }
})

function open() {
  return identityResolver({
    clock,
    memory,
    fetch: async (_place, file) =>
      file === 'did.jsonl' ? { ok: true, bytes } : { ok: false, missing: true, reason: 'not found' },
    forked: () => told.push('forked'),
    recovered: (_did, _reason, untilMs) =>
      told.push(`recovered, contested for ${(untilMs - clock.now()) / 1000 / HOUR} h`),
    contested: () => told.push('contested'),
  })
}

const bobWith = (key: string | undefined = nextKeyHash(multikeyOf(recovery.publicKey))) =>
  new TestDid('bob', 'bob.example', [bobs], NOW - 100 * 86_400, key)
const now = () => Math.floor(clock.now() / 1000)
const wait = (hours: number) => clock.advance(hours * HOUR * 1000)
type Resolver = ReturnType<typeof open>
const outcome = async (resolver: Resolver, did: TestDid, key: typeof bobs) => {
  const found = await resolver.resolve(did.signer(key).kid, 'assertionMethod')
  return found.ok ? 'ok' : found.reason.split(':')[0]
}

/** Alice has met bob; then mallory publishes an entry with her key, and alice sees it. */
async function stolen(did = bobWith()) {
  const resolver = open()
  bytes = did.bytes
  expect(await outcome(resolver, did, bobs)).toBe('ok')
  wait(1)
  did.next([mallorys], now())
  bytes = did.bytes
  expect(await resolver.refresh(did.did)).toBeUndefined()
  expect(await outcome(resolver, did, mallorys)).toBe('ok')
  return { resolver, did, theirs: did.bytes }
}

describe('an identity with a recovery key', () => {
  it('is taken back within 72 hours: what mallory wrote is undone, and her key is good for nothing', async () => {
    const { resolver, did } = await stolen()
    wait(71)
    bytes = did.recovered(1, recovery, [bobsNew], now())
    expect(await resolver.refresh(did.did)).toBeUndefined()
    expect(told).toEqual(['recovered, contested for 1 h'])
    expect(await outcome(resolver, did, bobsNew)).toBe('ok')
    expect(await outcome(resolver, did, mallorys)).toBe('kid_unknown_key')
    expect(resolver.status(did.did).contestedMs).toBe(clock.now() + HOUR * 1000)
    wait(1)
    expect(resolver.status(did.did).contestedMs).toBeUndefined()
  })

  it('is not taken back by mallory: what was undone is no fork, whoever shows it, and told once', async () => {
    const { resolver, did, theirs } = await stolen()
    wait(10)
    const mine = did.recovered(1, recovery, [bobsNew], now())
    bytes = mine
    await resolver.refresh(did.did)
    for (const started of [resolver, open()]) {
      bytes = theirs
      wait(0.1)
      expect(await started.refresh(did.did)).toMatch(/^did_log: it was undone by the recovery key/)
      await started.refresh(did.did)
      expect(await outcome(started, did, mallorys)).toBe('kid_unknown_key')
      expect(await outcome(started, did, bobsNew)).toBe('ok')
    }
    expect(told.filter((one) => one === 'forked')).toEqual([])
    expect(told.filter((one) => one === 'contested')).toHaveLength(2)
    bytes = mine
    expect(await resolver.refresh(did.did)).toBeUndefined()
  })

  it('remembers across a restart when it saw what is undone', async () => {
    const { did } = await stolen()
    wait(70)
    bytes = did.recovered(1, recovery, [bobsNew], now())
    const again = open()
    expect(await again.refresh(did.did)).toBeUndefined()
    expect(await outcome(again, did, bobsNew)).toBe('ok')
  })

  it('is frozen when the recovery comes after 72 hours, however late mallory has dated what she wrote', async () => {
    const { resolver, did } = await stolen()
    wait(72)
    bytes = did.recovered(1, recovery, [bobsNew], now())
    expect(await resolver.refresh(did.did)).toMatch(/^identity_forked/)
    expect(told).toEqual(['forked'])
  })

  it('is taken back although mallory has dated her entry back: it counts when it was seen', async () => {
    const did = bobWith()
    const resolver = open()
    bytes = did.bytes
    await outcome(resolver, did, bobs)
    wait(1)
    did.next([mallorys], NOW - 99 * 86_400)
    bytes = did.bytes
    await resolver.refresh(did.did)
    wait(1)
    bytes = did.recovered(1, recovery, [bobsNew], now())
    expect(await resolver.refresh(did.did)).toBeUndefined()
    expect(await outcome(resolver, did, bobsNew)).toBe('ok')
  })

  it('is frozen by two entries of the update key, and by a key that no entry has named', async () => {
    const { resolver, did } = await stolen()
    const other = bobWith()
    other.next([signingKey('mallory', 2)], now())
    bytes = other.bytes
    expect(await resolver.refresh(did.did)).toMatch(/^identity_forked/)
    expect(() => did.recovered(1, signingKey('mallory', 9), [mallorys], now())).toThrow(/committed to/)
  })

  it('cannot be taken by the recovery key from whoever used it first: nobody undoes that', async () => {
    const did = bobWith()
    const resolver = open()
    bytes = did.bytes
    await outcome(resolver, did, bobs)
    wait(1)
    bytes = did.recovered(1, recovery, [bobsNew], now())
    expect(await resolver.refresh(did.did)).toBeUndefined()
    wait(1)
    bytes = did.recovered(1, recovery, [mallorys], now())
    expect(await resolver.refresh(did.did)).toMatch(/^identity_forked/)
  })

  it('is not taken by mallory with a recovery key that was replaced long ago, from whoever has met it since', async () => {
    const did = bobWith()
    did.recovery = nextKeyHash(multikeyOf(signingKey('recovery of bob', 2).publicKey))
    did.next([bobsNew], NOW - 50 * 86_400)
    bytes = did.bytes
    const resolver = open()
    expect(await outcome(resolver, did, bobsNew)).toBe('ok')
    wait(1)
    bytes = did.recovered(1, recovery, [mallorys], now())
    expect(await resolver.refresh(did.did)).toMatch(/^identity_forked/)
    expect(await outcome(resolver, did, mallorys)).toBe('identity_forked')
  })

  it("is frozen, and not mallory's, where her entry was dated back before it was met first: then an operator decides", async () => {
    const did = bobWith()
    did.next([mallorys], NOW - 99 * 86_400)
    bytes = did.bytes
    const resolver = open()
    expect(await outcome(resolver, did, mallorys)).toBe('ok')
    wait(1)
    bytes = did.recovered(1, recovery, [bobsNew], now())
    expect(await resolver.refresh(did.did)).toMatch(/^identity_forked/)
    expect(await outcome(resolver, did, mallorys)).toBe('identity_forked')
    await resolver.forget(did.did)
    expect(await outcome(resolver, did, bobsNew)).toBe('ok')
  })

  it('without one is frozen as before', async () => {
    const did = new TestDid('bob', 'bob.example', [bobs], NOW - 100 * 86_400)
    const { resolver } = await stolen(did)
    const other = new TestDid('bob', 'bob.example', [bobs], NOW - 100 * 86_400)
    other.next([bobsNew], now())
    bytes = other.bytes
    expect(await resolver.refresh(did.did)).toMatch(/^identity_forked/)
  })
})

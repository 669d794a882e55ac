import type { PointerRecord } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import { peerIdOf } from '../did/peer-id.ts'
import { alice, bob, mallory } from '../testing/actors.ts'
import { signingKey } from '../testing/did-logs.ts'
import { NOW } from '../testing/manifests.ts'
import { makeHostIdentity, verifyHostIdentity } from './host-identity.ts'
import { comparePointers, pointersContradict, signPointer } from './pointer-record.ts'

const host = signingKey('host of bob', 1)
const record = (over: Partial<PointerRecord> = {}): PointerRecord => ({
  v: 1,
  did: bob.did,
  seq: 7,
  manifest_hash: 'A'.repeat(43),
  endpoints: [],
  peer_ids: [peerIdOf(host.publicKey)],
  iat: NOW,
  exp: NOW + 3_600,
  ...over,
})
const binding = { v: 1 as const, did: bob.did, iat: NOW, exp: NOW + 3_600 }
const look = { connected: peerIdOf(host.publicKey), resolver: didKeyResolver(), now: NOW }

describe('the host of a kernel', () => {
  it('is believed when each names the other', async () => {
    const message = makeHostIdentity(host, { binding, pointer: signPointer(bob, record()).jws })
    expect(await verifyHostIdentity(message, look)).toMatchObject({ ok: true, did: bob.did })
  })

  it("is not mallory's, who shows bob's own record", async () => {
    const pointer = signPointer(bob, record()).jws
    const message = makeHostIdentity(mallory, { binding, pointer })
    const verdict = await verifyHostIdentity(message, { ...look, connected: peerIdOf(mallory.publicKey) })
    expect(verdict).toEqual({ ok: false, reason: 'binding: peer_id_not_in_the_document' })
  })

  it("is not mallory's, who repeats what bob's host said over another connection", async () => {
    const message = makeHostIdentity(host, { binding, pointer: signPointer(bob, record()).jws })
    const verdict = await verifyHostIdentity(message, { ...look, connected: peerIdOf(mallory.publicKey) })
    expect(verdict).toEqual({ ok: false, reason: 'binding: envelope_of_another_host' })
  })

  it("is not that of a kernel that only claims it: bob's host has to say so itself", async () => {
    const pointer = signPointer(mallory, record({ did: mallory.did })).jws
    const message = makeHostIdentity(host, { binding, pointer })
    expect(await verifyHostIdentity(message, look)).toEqual({ ok: false, reason: 'binding: binding_of_another_kernel' })
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another object', '{"v":2}'],
    ['more than fits', 'x'.repeat(9_000)],
  ])('is not believed for %s', async (_, text) => {
    expect(await verifyHostIdentity(Buffer.from(text), look)).toMatchObject({ ok: false })
  })

  it('is believed as long as the record that lists it, and no longer', async () => {
    const message = makeHostIdentity(host, {
      binding: { ...binding, exp: NOW + 86_400 },
      pointer: signPointer(bob, record()).jws,
    })
    expect(await verifyHostIdentity(message, { ...look, now: NOW + 3_600 })).toEqual({
      ok: false,
      reason: 'pointer: expired',
    })
  })
})

describe('of two records', () => {
  const older = signPointer(bob, record({ seq: 6 }))
  const newer = signPointer(bob, record())
  const again = signPointer(bob, record({ iat: NOW + 10 }))
  const other = signPointer(bob, record({ manifest_hash: `B${'A'.repeat(42)}` }))

  it('the higher number counts, then the smaller hash, then what was signed last', () => {
    expect([other, older, again, newer].sort(comparePointers)).toEqual([again, newer, other, older])
    expect(comparePointers(newer, newer)).toBe(0)
  })

  it('two manifests of one number convict their signer, and nobody else', () => {
    expect(pointersContradict(newer.pointer, other.pointer)).toBe(true)
    expect(pointersContradict(newer.pointer, again.pointer)).toBe(false)
    expect(pointersContradict(newer.pointer, older.pointer)).toBe(false)
    const ofAlice = record({ did: alice.did, manifest_hash: `B${'A'.repeat(42)}` })
    expect(pointersContradict(newer.pointer, ofAlice)).toBe(false)
  })
})

it('a kernel signs no record of another one, and none that nobody would read', () => {
  expect(() => signPointer(mallory, record())).toThrow(RangeError)
  const endpoints = Array.from({ length: 8 }, () => ({
    proto: 'hansa-http/1',
    url: `https://${'x'.repeat(200)}.example`,
  }))
  expect(() => signPointer(bob, record({ endpoints }))).toThrow(RangeError)
})

import { bob, mallory, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import {
  manifestOf,
  manifests,
  refused,
  registered,
  renewalOf,
  testRegistry,
  withdrawalOf,
} from '../testing/test-registry.ts'

describe('withdrawing', () => {
  it('ends the listing at once', async () => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob))
    expect(await registry.ask.withdraw(withdrawalOf(bob))).toEqual(registered(bob.did, NOW + 1, NOW))
    expect(await registry.ask.get(bob.did)).toEqual(refused(404, 'not_found'))
    expect(manifests(await registry.ask.list())).toEqual([])
    expect(await registry.ask.renew(renewalOf(bob))).toEqual(refused(404, 'not_found'))
  })

  it('may be said twice', async () => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob))
    const statement = withdrawalOf(bob)
    expect(await registry.ask.withdraw(statement)).toEqual(await registry.ask.withdraw(statement))
  })

  it('is remembered: only a manifest with a higher number is listed again', async () => {
    await using registry = await testRegistry()
    const manifest = manifestOf(bob)
    await registry.ask.register(manifest)
    await registry.ask.withdraw(withdrawalOf(bob, { seq: NOW + 10 }))
    await registry.registry.tick()
    for (const seq of [NOW, NOW + 9, NOW + 10]) {
      expect(await registry.ask.register(manifestOf(bob, { seq }))).toEqual(refused(409, 'descriptor_mismatch'))
    }
    expect(await registry.registry.records.equivocation(bob.did)).toBeUndefined()
    expect((await registry.ask.register(manifestOf(bob, { seq: NOW + 11 }))).status).toBe(200)
  })

  it.each([
    ['mallory, signing for bob', withdrawalOf(mallory, { kernel_id: bob.did }), 503, 'identity_unavailable'],
    ['mallory, who was never here', withdrawalOf(mallory), 404, 'not_found'],
    ['bob, with the number of the manifest', withdrawalOf(bob, { seq: NOW }), 409, 'descriptor_mismatch'],
    ['bob, with a lower number', withdrawalOf(bob, { seq: NOW - 1 }), 409, 'descriptor_mismatch'],
    ['bob, long ago', withdrawalOf(bob, { iat: NOW - 600, exp: NOW - 1 }), 503, 'identity_unavailable'],
    ['bob, renewing', renewalOf(bob, { seq: NOW + 1 }), 503, 'identity_unavailable'],
  ])('is refused to %s', async (_who, statement, status, code) => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob))
    expect(await registry.ask.withdraw(statement)).toEqual(refused(status, code))
    expect((await registry.ask.get(bob.did)).status).toBe(200)
  })
})

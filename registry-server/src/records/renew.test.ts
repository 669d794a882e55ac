import { bob, carol, mallory, NOW } from '@hansa/trust/testing'
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

describe('heartbeats', () => {
  it('extend a listing, to the time they say at most', async () => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob))
    registry.clock.advance(60_000)
    const beat = { iat: NOW + 60, exp: NOW + 600 }
    expect(await registry.ask.renew(renewalOf(bob, beat))).toEqual(registered(bob.did, NOW, NOW + 150))
    const short = { iat: NOW + 61, exp: NOW + 100 }
    expect(await registry.ask.renew(renewalOf(bob, short))).toEqual(registered(bob.did, NOW, NOW + 100))
    expect((await registry.ask.get(bob.did)).body.expires).toBe(NOW + 100)
  })

  it('do not extend it beyond the manifest', async () => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob, { exp: NOW + 100 }))
    registry.clock.advance(60_000)
    expect((await registry.ask.renew(renewalOf(bob, { iat: NOW + 60 }))).body.expires).toBe(NOW + 100)
  })

  it('are missed, and the listing ends on the second', async () => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob))
    registry.clock.advance(89_999)
    expect((await registry.ask.get(bob.did)).status).toBe(200)
    registry.clock.advance(1)
    expect(await registry.ask.get(bob.did)).toEqual(refused(404, 'not_found'))
    expect(manifests(await registry.ask.list({ capability: 'files.read' }))).toEqual([])
    expect((await registry.ask.health()).body).toEqual({ status: 'ok', listings: 0 })
  })

  it.each([false, true])('bring an unreachable kernel back, observed: %s', async (observed) => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob))
    registry.clock.advance(90_000)
    if (observed) await registry.registry.tick()
    expect((await registry.ask.status(bob.did)).body.state).toBe('unreachable')
    expect((await registry.ask.renew(renewalOf(bob, { iat: NOW + 90 }))).status).toBe(200)
    expect((await registry.ask.status(bob.did)).body.state).toBe('alive')
    expect((await registry.ask.get(bob.did)).status).toBe(200)
  })

  it.each([false, true])('do not bring a dead kernel back, observed: %s', async (observed) => {
    await using registry = await testRegistry({ deadAfterSeconds: 60 })
    await registry.ask.register(manifestOf(bob))
    registry.clock.advance(150_000)
    if (observed) await registry.registry.tick()
    expect((await registry.ask.status(bob.did)).body.state).toBe('dead')
    expect(await registry.ask.renew(renewalOf(bob, { iat: NOW + 150 }))).toEqual(refused(404, 'not_found'))
    expect((await registry.ask.register(manifestOf(bob))).status).toBe(200)
  })

  it('count once: mallory, who kept one, cannot make a dead kernel look alive', async () => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob))
    const kept = renewalOf(bob, { iat: NOW, exp: NOW + 3600 })
    expect((await registry.ask.renew(kept)).status).toBe(200)
    registry.clock.advance(60_000)
    expect(await registry.ask.renew(kept)).toEqual(refused(400, 'invalid_request'))
    expect(registry.log.at(-1)?.fields).toMatchObject({ route: 'renew', reason: 'replayed' })
    registry.clock.advance(30_000)
    expect(await registry.ask.get(bob.did)).toEqual(refused(404, 'not_found'))
  })

  it('of an older manifest are refused', async () => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob, { seq: NOW + 1 }))
    expect(await registry.ask.renew(renewalOf(bob, { seq: NOW }))).toEqual(refused(409, 'descriptor_mismatch'))
  })

  it.each([
    ['mallory for bob', renewalOf(mallory, { kernel_id: bob.did }), 503, 'identity_unavailable'],
    ['bob, long ago', renewalOf(bob, { iat: NOW - 600, exp: NOW }), 503, 'identity_unavailable'],
    ['bob, in the future', renewalOf(bob, { iat: NOW + 61 }), 401, 'clock_skew'],
    ['bob, ending before it begins', renewalOf(bob, { iat: NOW + 30, exp: NOW + 20 }), 400, 'invalid_request'],
    ['bob, withdrawing', withdrawalOf(bob), 503, 'identity_unavailable'],
    ['bob, with a member nobody knows', renewalOf(bob, { ttl: 9 } as object), 400, 'invalid_request'],
    ['carol, who is not listed', renewalOf(carol), 404, 'not_found'],
  ])('of %s are refused', async (_who, statement, status, code) => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob))
    expect(await registry.ask.renew(statement)).toEqual(refused(status, code))
  })
})

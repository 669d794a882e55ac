import { MAX_MANIFEST_BYTES, registeredSchema } from '@hansa/protocols'
import { signManifest } from '@hansa/trust'
import { aCapability, alice, aManifest, bob, carol, mallory, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { manifestOf, manifests, refused, registered, testRegistry } from '../testing/test-registry.ts'

describe('registering', () => {
  it('lists a kernel under the manifest that it signed, to the byte', async () => {
    await using registry = await testRegistry()
    const manifest = manifestOf(bob)
    const reply = await registry.ask.register(manifest)
    expect(reply).toEqual(registered(bob.did, NOW, NOW + 90))
    expect(registeredSchema.parse(reply.body)).toEqual(reply.body)
    expect(await registry.ask.get(bob.did)).toEqual({ status: 200, body: { manifest, expires: NOW + 90 } })
    expect(await registry.ask.list()).toEqual({ status: 200, body: { listings: [{ manifest, expires: NOW + 90 }] } })
    expect((await registry.ask.health()).body).toEqual({ status: 'ok', listings: 1 })
  })

  it('never lists a kernel for longer than its manifest lasts', async () => {
    await using registry = await testRegistry()
    expect(await registry.ask.register(manifestOf(bob, { exp: NOW + 30 }))).toEqual(registered(bob.did, NOW, NOW + 30))
    registry.clock.advance(30_000)
    expect(await registry.ask.get(bob.did)).toEqual(refused(404, 'not_found'))
  })

  it('replaces a manifest by one with a higher number, and what it can be found by', async () => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob))
    const newer = manifestOf(bob, { seq: NOW + 5, capabilities: [aCapability({ id: 'files.write', tags: ['disk'] })] })
    expect(await registry.ask.register(newer)).toEqual(registered(bob.did, NOW + 5, NOW + 90))
    expect(manifests(await registry.ask.list())).toEqual([newer])
    expect(manifests(await registry.ask.list({ capability: 'files.read' }))).toEqual([])
    expect(manifests(await registry.ask.list({ tag: 'files' }))).toEqual([])
    expect(manifests(await registry.ask.list({ capability: 'files.write', tag: 'disk' }))).toEqual([newer])
  })

  it('takes the same manifest again, also after the listing ended', async () => {
    await using registry = await testRegistry()
    const manifest = manifestOf(bob)
    await registry.ask.register(manifest)
    registry.clock.advance(60_000)
    expect(await registry.ask.register(manifest)).toEqual(registered(bob.did, NOW, NOW + 150))
    registry.clock.advance(90_000)
    await registry.registry.tick()
    expect(await registry.ask.register(manifest)).toEqual(registered(bob.did, NOW, NOW + 240))
  })

  it('refuses a lower number, also after the listing ended and was swept', async () => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob, { seq: NOW + 5 }))
    expect(await registry.ask.register(manifestOf(bob))).toEqual(refused(409, 'descriptor_mismatch'))
    registry.clock.advance(1_000_000)
    await registry.registry.tick()
    expect(await registry.ask.register(manifestOf(bob))).toEqual(refused(409, 'descriptor_mismatch'))
    expect(registry.log.map(({ fields }) => fields.reason)).toContain('rolled_back')
  })

  it('refuses a second manifest of one number and keeps both as proof', async () => {
    await using registry = await testRegistry()
    const first = signManifest(mallory, aManifest({ kernel_id: mallory.did }))
    const second = signManifest(mallory, aManifest({ kernel_id: mallory.did, name: 'Org M' }))
    await registry.ask.register(first.jws)
    expect(await registry.ask.register(second.jws)).toEqual(refused(409, 'descriptor_mismatch'))
    expect(manifests(await registry.ask.list())).toEqual([first.jws])
    expect(await registry.registry.records.equivocation(mallory.did)).toEqual({
      seq: NOW,
      hash: second.hash,
      manifest: second.jws,
      firstHash: first.hash,
      firstManifest: first.jws,
    })
    expect(registry.log).toContainEqual(expect.objectContaining({ level: 'warn', event: 'equivocated' }))
  })

  it.each([
    ['a manifest of bob that mallory signed', () => forged()],
    ['a manifest whose payload was changed', () => tampered()],
    ['the unsigned manifest of the federation issue', () => legacy()],
    ['an expired manifest', () => manifestOf(bob, { iat: NOW - 100, exp: NOW })],
  ])('refuses %s as of nobody', async (_what, make) => {
    await using registry = await testRegistry()
    expect(await registry.ask.register(make())).toEqual(refused(503, 'identity_unavailable'))
    expect(manifests(await registry.ask.list())).toEqual([])
  })

  it('takes a manifest up to the largest size, and none beyond', async () => {
    await using registry = await testRegistry()
    const sized = (capabilities: number) =>
      manifestOf(bob, {
        seq: NOW + capabilities,
        capabilities: Array.from({ length: capabilities }, (_, at) =>
          aCapability({ id: `c.n${at}`, description: 'x'.repeat(4000) }),
        ),
      })
    const count = Array.from({ length: 100 }, (_, at) => at).findLast((n) => sized(n).length <= MAX_MANIFEST_BYTES) ?? 0
    expect(sized(count).length).toBeGreaterThan(MAX_MANIFEST_BYTES - 8192)
    expect((await registry.ask.register(sized(count))).status).toBe(200)
    expect(await registry.ask.register(sized(count + 1))).toEqual(refused(400, 'invalid_request'))
  })

  it('refuses a manifest from the future, and one for ever', async () => {
    await using registry = await testRegistry()
    const future = manifestOf(bob, { iat: NOW + 3600, exp: NOW + 7200 })
    expect(await registry.ask.register(future)).toEqual(refused(401, 'clock_skew'))
    expect(await registry.ask.register(manifestOf(bob, { exp: NOW + 86_401 }))).toEqual(refused(400, 'invalid_request'))
  })

  it('tells a new kernel that it is full, and goes on with the others', async () => {
    await using registry = await testRegistry({ maxKernels: 2 })
    await registry.ask.register(manifestOf(alice))
    await registry.ask.register(manifestOf(bob))
    expect(await registry.ask.register(manifestOf(carol))).toEqual(refused(503, 'busy'))
    expect((await registry.ask.register(manifestOf(bob, { seq: NOW + 1 }))).status).toBe(200)
  })

  it('makes room once nothing is valid any more that it would have to refuse', async () => {
    await using registry = await testRegistry({ maxKernels: 1 })
    await registry.ask.register(manifestOf(alice, { exp: NOW + 86_400 }))
    registry.clock.advance(86_400_000)
    await registry.registry.tick()
    const later = { iat: NOW + 86_400, exp: NOW + 90_000 }
    expect(await registry.ask.register(manifestOf(bob, later))).toEqual(refused(503, 'busy'))
    registry.clock.advance(200_000)
    await registry.registry.tick()
    expect((await registry.ask.register(manifestOf(bob, later))).status).toBe(200)
  })
})

function forged(): string {
  const [header, , signature] = manifestOf(mallory).split('.')
  const [, payload] = manifestOf(bob).split('.')
  return [header, payload, signature].join('.')
}

function tampered(): string {
  const [header = '', payload = '', signature = ''] = manifestOf(bob).split('.')
  const text = Buffer.from(payload, 'base64url').toString().replace('Org B', 'Org X')
  return [header, Buffer.from(text).toString('base64url'), signature].join('.')
}

function legacy(): string {
  return JSON.stringify({
    kernel_id: bob.did,
    version: '1.0',
    capabilities: [],
    endpoint: 'https://b.example',
    trust_level: 'verified',
  })
}

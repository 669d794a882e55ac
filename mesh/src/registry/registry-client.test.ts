import { RENEWAL_TYP, WITHDRAWAL_TYP } from '@hansa/protocols'
import { didKeyResolver, signManifest, verifyJws } from '@hansa/trust'
import { aManifest, bob, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { FakeRegistry } from '../testing/fake-registry.ts'
import { memoryFetch } from '../testing/memory-fetch.ts'
import { memoryNetwork } from '../testing/memory-network.ts'
import { registryClient } from './registry-client.ts'

const signed = signManifest(bob, aManifest())

function connected(path = '') {
  const network = memoryNetwork()
  const registry = new FakeRegistry()
  network.attach('http://registry.test', registry)
  const client = registryClient({
    fetch: memoryFetch(network, 'http://b.test'),
    baseUrl: `http://registry.test${path}`,
  })
  return { network, registry, client }
}

describe(registryClient, () => {
  it('lists every page and passes the filter on', async () => {
    const { registry, client } = connected('/')
    for (let n = 0; n < 80; n++) registry.listings.push({ manifest: `m${n}`, expires: NOW })
    const listed = await client.list({ capability: 'files.read', tag: 'PII' })
    expect(listed.fault).toBeUndefined()
    expect(listed.listings.map(({ manifest }) => manifest)).toEqual(registry.listings.map(({ manifest }) => manifest))
    expect(registry.queries.map(String)).toEqual([
      'limit=30&capability=files.read&tag=PII',
      'limit=30&capability=files.read&tag=PII&cursor=30',
      'limit=30&capability=files.read&tag=PII&cursor=60',
    ])
  })

  it('stops before a thousand listings and says so', async () => {
    const { registry, client } = connected()
    for (let n = 0; n < 1_200; n++) registry.listings.push({ manifest: `m${n}`, expires: NOW })
    const listed = await client.list({})
    expect(listed.listings).toHaveLength(990)
    expect(listed.fault).toMatchObject({
      ok: false,
      code: 'remote_refused',
      reason: expect.stringContaining('more than'),
    })
  })

  it('stops after 32 MiB of manifests, wherever the pages end', async () => {
    const { registry, client } = connected()
    for (let n = 0; n < 200; n++) registry.listings.push({ manifest: 'm'.repeat(250_000), expires: NOW })
    const listed = await client.list({})
    expect(listed.listings).toHaveLength(150)
    expect(listed.fault).toMatchObject({ ok: false })
  })

  it('does not follow a registry that goes round in circles', async () => {
    const { registry, client, network } = connected()
    registry.listings.push({ manifest: 'm', expires: NOW })
    network.intercept(() => ({
      reply: (reply) => ({
        ...reply,
        body: Buffer.from(JSON.stringify({ listings: registry.listings, next: 'again' })),
      }),
    }))
    expect(await client.list({})).toMatchObject({ fault: { ok: false, reason: expect.stringContaining('circles') } })
    expect(network.tap).toHaveLength(2)
  })

  it('keeps the pages that came before the fault', async () => {
    const { registry, client, network } = connected()
    for (let n = 0; n < 80; n++) registry.listings.push({ manifest: `m${n}`, expires: NOW })
    network.intercept(({ path }) => (path.includes('cursor') ? { lose: 'request' } : undefined))
    const listed = await client.list({})
    expect(listed.listings).toHaveLength(30)
    expect(listed.fault).toMatchObject({ ok: false, code: 'remote_refused' })
  })

  it.each([
    ['text', '<html>'],
    ['another object', '{"items":[]}'],
    [
      'too many listings',
      JSON.stringify({ listings: Array.from({ length: 201 }, () => ({ manifest: 'm', expires: 1 })) }),
    ],
    ['a duplicate member', '{"listings":[],"listings":[]}'],
  ])('takes %s for no registry', async (_what, body) => {
    const { client, network } = connected()
    network.intercept(() => ({ reply: (reply) => ({ ...reply, body: Buffer.from(body) }) }))
    expect(await client.list({})).toEqual({
      listings: [],
      fault: { ok: false, code: 'remote_refused', reason: 'what answers there is not a registry' },
    })
  })

  it('gets the listing of one kernel', async () => {
    const { registry, client, network } = connected()
    expect(await client.get(bob.did)).toMatchObject({ ok: false, code: 'not_found' })
    registry.listings.push({ manifest: signed.jws, expires: NOW })
    expect(await client.get(bob.did)).toEqual({ ok: true, value: registry.listings[0] })
    expect(network.tap.at(-1)?.path).toBe(`/hansa/registry/v1/manifests/${encodeURIComponent(bob.did)}`)
  })

  it('registers a manifest as it was signed', async () => {
    const { registry, client } = connected()
    expect(await client.register(signed)).toMatchObject({ ok: true, value: { expires: registry.expires } })
    expect(registry.posted).toEqual([`register ${signed.jws}`])
  })

  it('signs renewals and withdrawals as what they are', async () => {
    const { registry, client } = connected()
    const statement = { seq: NOW, iat: NOW, exp: NOW + 90 }
    await client.renew(bob, statement)
    await client.withdraw(bob, { ...statement, seq: NOW + 1 })
    const [renewal = '', withdrawal = ''] = registry.posted.map((text) => text.split(' ')[1])
    const verify = (jws: string, typ: string) =>
      verifyJws(jws, { typ, resolver: didKeyResolver(), maxBytes: 8_192, issuerOf: ({ kernel_id }) => kernel_id })
    expect(await verify(renewal, RENEWAL_TYP)).toMatchObject({
      ok: true,
      issuer: bob.did,
      payload: { v: 1, ...statement },
    })
    expect(await verify(withdrawal, WITHDRAWAL_TYP)).toMatchObject({ ok: true, payload: { seq: NOW + 1 } })
    expect(await verify(withdrawal, RENEWAL_TYP)).toMatchObject({ ok: false })
  })

  it('passes on the code of a refusal', async () => {
    const { registry, client } = connected()
    registry.refusal = 'descriptor_mismatch'
    expect(await client.register(signed)).toMatchObject({
      ok: false,
      code: 'descriptor_mismatch',
      reason: expect.stringContaining('as the test says'),
    })
    expect(await client.list({})).toMatchObject({ listings: [], fault: { code: 'descriptor_mismatch' } })
  })
})

import { setImmediate } from 'node:timers/promises'
import { type CapabilityManifest, type DiscoverInit, exchangePaths, memoryStore } from '@hansa/protocols'
import { didKeyResolver, type Signer, signManifest, taggedHash } from '@hansa/trust'
import { aCapability, alice, aManifest, bob, carol, mallory, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { guardedFetch } from '../fetch/guarded-fetch.ts'
import { peerMemory } from '../peers/peer-memory.ts'
import { registryMemory } from '../registry/registry-memory.ts'
import { FakeRegistry } from '../testing/fake-registry.ts'
import { FakeRegistryLog } from '../testing/fake-registry-log.ts'
import { httpServer } from '../testing/http-server.ts'
import { memoryFetch } from '../testing/memory-fetch.ts'
import { memoryNetwork } from '../testing/memory-network.ts'
import { clockAtNow } from '../testing/test-kernel.ts'
import { discoverPeers } from './discover-peers.ts'
import { manifestUrl } from './manifest-url.ts'

const REGISTRY = 'http://registry.test'
const jwsOf = (signer: Signer, over: Partial<CapabilityManifest> = {}) =>
  signManifest(signer, aManifest({ kernel_id: signer.did, ...over })).jws

/** Time goes on in steps until there is an answer. */
async function untilSettled<T>(work: Promise<T>, step: () => unknown): Promise<T> {
  let done = false
  const settled = work.finally(() => {
    done = true
  })
  while (!done) {
    await step()
    await setImmediate()
  }
  return settled
}

function world() {
  const network = memoryNetwork()
  const [store, clock] = [memoryStore(), clockAtNow()]
  const registry = new FakeRegistry()
  network.attach(REGISTRY, registry)
  const memory = peerMemory()({ store, clock })
  const components = { resolver: didKeyResolver(), clock, memory, self: alice.did }
  const discover = (init: DiscoverInit) =>
    discoverPeers({ ...components, fetch: memoryFetch(network, 'http://a.test') })(init)
  const serve = (origin: string, body: string, status = 200) => {
    network.attach(origin, { handle: async () => ({ status, contentType: '', body: Buffer.from(body) }) })
    return origin
  }
  const list = (...manifests: string[]) =>
    void registry.listings.push(...manifests.map((manifest) => ({ manifest, expires: NOW + 90 })))
  return { network, clock, memory, registry, discover, serve, list, components }
}

describe(discoverPeers, () => {
  it('finds by URL and by registry at once, and names every source', async () => {
    const { discover, serve, list } = world()
    list(jwsOf(bob), jwsOf(carol))
    const found = await discover({ peerUrls: [serve('http://b.test', jwsOf(bob))], registryUrl: REGISTRY })
    expect(found.faults).toEqual([])
    expect(found.peers).toMatchObject([
      {
        did: bob.did,
        by: ['peer_url', 'registry'],
        sources: ['http://b.test', REGISTRY],
        signed: { manifest: { seq: NOW } },
      },
      { did: carol.did, by: ['registry'], sources: [REGISTRY] },
    ])
  })

  it('waits a second more for other registries once one has answered well, and names those that were too slow', async () => {
    const { network, clock, discover, list } = world()
    list(jwsOf(bob))
    const asked = Promise.withResolvers<void>()
    network.attach('http://slow.test', {
      handle: () => {
        asked.resolve()
        return new Promise(() => undefined)
      },
    })
    const finding = discover({ registryUrls: ['http://slow.test', REGISTRY] })
    await asked.promise
    const found = await untilSettled(finding, () => clock.advance(500))
    expect(clock.now() / 1000 - NOW).toBeLessThan(5)
    expect(found).toMatchObject({
      peers: [{ did: bob.did, by: ['registry'], sources: [REGISTRY] }],
      faults: [{ source: 'http://slow.test', reason: expect.stringContaining('another registry had answered') }],
    })
  })

  it('waits for every registry while none has answered well', async () => {
    const { network, clock, discover } = world()
    network.attach('http://slow.test', { handle: () => new Promise(() => undefined) })
    const finding = discover({ registryUrls: ['http://slow.test', 'http://nobody.test'] })
    const { faults } = await untilSettled(finding, () => clock.advance(500))
    expect(clock.now() / 1000 - NOW).toBeGreaterThanOrEqual(15)
    expect(faults).toHaveLength(2)
  })

  it('asks the well-known path of a base URL', async () => {
    const { network, discover, serve } = world()
    await discover({ peerUrls: [serve('http://b.test', jwsOf(bob))] })
    expect(network.tap.map(({ path }) => path)).toEqual([exchangePaths.manifest])
  })

  it('gives the peers that answer although others fail, with a reason for each that does', async () => {
    const { discover, serve } = world()
    const legacy = { kernel_id: 'k', version: '1', capabilities: [], endpoint: 'x', trust_level: 'verified' }
    const [header, payload] = jwsOf(bob).split('.')
    const bad: [string, string, string, RegExp][] = [
      ['http://empty.test', '', 'identity_unavailable', /not a signed manifest/],
      ['http://html.test', '<html>', 'identity_unavailable', /not a signed manifest/],
      ['http://json.test', '{"hello":1}', 'invalid_request', /not a signed manifest/],
      ['http://legacy.test', JSON.stringify(legacy), 'identity_unavailable', /unsigned.*refused/],
      [
        'http://forged.test',
        `${header}.${payload}.${jwsOf(mallory).split('.')[2]}`,
        'identity_unavailable',
        /signature/,
      ],
      ['http://expired.test', jwsOf(carol, { iat: NOW - 7_200, exp: NOW - 3_600 }), 'identity_unavailable', /expired/],
      ['http://future.test', jwsOf(carol, { iat: NOW + 600, exp: NOW + 3_600 }), 'clock_skew', /future/],
      ['http://forever.test', jwsOf(carol, { exp: NOW + 90_000 }), 'invalid_request', /24 hours/],
      [
        'http://edited.test',
        jwsOf(carol, { capabilities: [{ ...aCapability(), title: 'x' }] }),
        'invalid_request',
        /capability_hash/,
      ],
    ]
    const peerUrls = [
      serve('http://b.test', jwsOf(bob)),
      ...bad.map(([url, body]) => serve(url, body)),
      'http://nobody.test',
      'nonsense',
    ]
    const found = await discover({ peerUrls })
    expect(found.peers.map(({ did }) => did)).toEqual([bob.did])
    const faults = new Map(found.faults.map((fault) => [fault.source, fault]))
    for (const [url, , code, reason] of bad)
      expect(faults.get(url)).toMatchObject({ code, reason: expect.stringMatching(reason) })
    expect(faults.get('http://nobody.test')).toMatchObject({ code: 'remote_refused' })
    expect(faults.get('nonsense')).toMatchObject({ code: 'invalid_request' })
    expect(faults.size).toBe(bad.length + 2)
  })

  it('names an error status', async () => {
    const { discover, serve } = world()
    const found = await discover({ peerUrls: [serve('http://b.test', jwsOf(bob), 500)] })
    expect(found).toMatchObject({
      peers: [],
      faults: [{ source: 'http://b.test', reason: expect.stringContaining('500') }],
    })
  })

  it('takes the highest number where sources differ, and counts the older ones as sources', async () => {
    const { discover, serve, list } = world()
    list(jwsOf(bob, { seq: NOW - 5 }))
    const found = await discover({ peerUrls: [serve('http://b.test', jwsOf(bob))], registryUrl: REGISTRY })
    expect(found).toMatchObject({
      faults: [],
      peers: [{ signed: { manifest: { seq: NOW } }, sources: ['http://b.test', REGISTRY] }],
    })
  })

  it('does not take a manifest older than one that was found before', async () => {
    const { discover, serve, list } = world()
    await discover({ peerUrls: [serve('http://b.test', jwsOf(bob))] })
    list(jwsOf(bob, { seq: NOW - 5 }))
    expect(await discover({ registryUrl: REGISTRY })).toMatchObject({
      peers: [],
      faults: [{ source: REGISTRY, code: 'descriptor_mismatch', reason: expect.stringContaining('rolled back') }],
    })
  })

  it('asks several registries: one that is away spoils nothing, an older listing is no conflict, another one is', async () => {
    const { network, discover, list, registry } = world()
    const second = new FakeRegistry()
    network.attach('http://second.test', second)
    const listing = (manifest: string) => ({ manifest, expires: NOW + 90 })
    list(jwsOf(bob, { seq: NOW - 5 }), jwsOf(carol))
    second.listings.push(listing(jwsOf(bob)))
    const registryUrls = [REGISTRY, 'http://away.test', 'http://second.test', REGISTRY]
    const found = await discover({ registryUrls })
    expect(found.peers.map(({ did, sources, signed }) => [did, sources, signed.manifest.seq])).toEqual([
      [bob.did, [REGISTRY, 'http://second.test'], NOW],
      [carol.did, [REGISTRY], NOW],
    ])
    expect(found.faults).toMatchObject([{ source: 'http://away.test', code: 'remote_refused' }])
    expect(registry.queries).toHaveLength(1)
    list(jwsOf(mallory))
    second.listings.push(listing(jwsOf(mallory, { name: 'Another' })))
    const conflict = await discover({ registryUrls: [REGISTRY, 'http://second.test'] })
    expect(conflict.peers.map(({ did }) => did)).not.toContain(mallory.did)
    const fault = { source: `${REGISTRY}, http://second.test`, code: 'discovery_conflict' }
    expect(conflict.faults).toContainEqual(expect.objectContaining(fault))
  })

  it('takes nothing of a registry whose log was rolled back, and says why', async () => {
    const { network, list, components, registry } = world()
    list(jwsOf(bob))
    const log = new FakeRegistryLog()
    for (const seq of [1, 2]) log.append('listed', { kernel_id: bob.did, seq, hash: taggedHash('manifest', 'x') })
    registry.log = log
    const registries = registryMemory({ store: memoryStore() })
    const fetch = memoryFetch(network, 'http://a.test')
    const discover = discoverPeers({ ...components, fetch, registries })
    const init = { registryUrls: [REGISTRY] }
    expect((await discover(init)).peers).toHaveLength(1)
    registry.log = log.copy(log.entries.slice(0, 1))
    const reason = expect.stringContaining('its log had 2 entries and has 1 now')
    for (const bent of [registry.log, log]) {
      registry.log = bent
      expect(await discover(init)).toMatchObject({ peers: [], faults: [{ code: 'remote_refused', reason }] })
    }
  })

  it('drops a kernel that shows different manifests of one number, today or since the last time', async () => {
    const { discover, serve, list } = world()
    const another = jwsOf(bob, { name: 'Another' })
    list(another)
    const peerUrls = [serve('http://b.test', jwsOf(bob))]
    const twice = { code: 'descriptor_mismatch', reason: expect.stringContaining('equivocates') }
    expect(await discover({ peerUrls, registryUrl: REGISTRY })).toMatchObject({
      peers: [],
      faults: [{ ...twice, code: 'discovery_conflict', source: `http://b.test, ${REGISTRY}` }],
    })
    expect((await discover({ peerUrls })).peers).toHaveLength(1)
    expect(await discover({ registryUrl: REGISTRY })).toMatchObject({
      peers: [],
      faults: [{ ...twice, source: REGISTRY }],
    })
  })

  it('filters by capability and by tag itself, whatever the registry lists', async () => {
    const { discover, list, registry } = world()
    list(
      jwsOf(bob),
      jwsOf(carol, { capabilities: [aCapability({ id: 'people.rows', tags: [], sensitivity: ['PII'] })] }),
    )
    const dids = async (init: DiscoverInit) =>
      (await discover({ ...init, registryUrl: REGISTRY })).peers.map(({ did }) => did)
    expect(await dids({ capability: 'files.read' })).toEqual([bob.did])
    expect(await dids({ tag: 'files' })).toEqual([bob.did])
    expect(await dids({ tag: 'PII' })).toEqual([carol.did])
    expect(await dids({ capability: 'files.read', tag: 'PII' })).toEqual([])
    expect(registry.queries.map(String)).toContain('limit=30&capability=files.read&tag=PII')
  })

  it('never finds itself', async () => {
    const { discover, list } = world()
    list(jwsOf(alice), jwsOf(bob))
    expect((await discover({ registryUrl: REGISTRY })).peers.map(({ did }) => did)).toEqual([bob.did])
  })

  it('asks at most 256 URLs, 16 at a time, each once', async () => {
    const { clock, components } = world()
    const underWay = { now: 0, most: 0, asked: 0 }
    const fetch = {
      post: () => Promise.reject(new Error('unused')),
      getOverAnyCertificate: () => Promise.reject(new Error('unused')),
      get: async () => {
        underWay.asked++
        underWay.most = Math.max(underWay.most, ++underWay.now)
        await Promise.resolve()
        underWay.now--
        return { ok: false, code: 'unreachable', reason: 'nobody there' } as const
      },
    }
    const peerUrls = Array.from({ length: 300 }, (_, n) => `http://k${n % 290}.test`)
    const found = await discoverPeers({ ...components, fetch })({ peerUrls })
    expect(underWay).toEqual({ now: 0, most: 16, asked: 256 })
    expect(found.faults.filter(({ reason }) => reason.includes('256'))).toHaveLength(34)
    expect(found.faults).toHaveLength(290)
    expect(clock.waiting).toBe(0)
  })

  it('gives what it has after 15 s, and stops when it is cancelled', async () => {
    const { network, clock, discover, serve } = world()
    const peerUrls = [serve('http://b.test', jwsOf(bob)), serve('http://slow.test', '')]
    network.hold(({ endpoint }) => endpoint === 'http://slow.test')
    const finding = discover({ peerUrls })
    await expect.poll(() => network.tap.length).toBe(2)
    clock.advance(15_000)
    const partial = { peers: [{ did: bob.did }], faults: [{ source: 'http://slow.test' }] }
    expect(await finding).toMatchObject(partial)
    const cancel = new AbortController()
    const again = discover({ peerUrls, signal: cancel.signal })
    await expect.poll(() => network.tap.length).toBe(4)
    cancel.abort()
    expect(await again).toMatchObject(partial)
  })

  it('survives a registry that fails', async () => {
    const { discover, serve, registry } = world()
    registry.refusal = 'internal'
    const found = await discover({ peerUrls: [serve('http://b.test', jwsOf(bob))], registryUrl: REGISTRY })
    expect(found).toMatchObject({ peers: [{ did: bob.did }], faults: [{ source: REGISTRY, code: 'internal' }] })
  })

  it('over real HTTP, reaches loopback only when the operator allows it', async () => {
    await using server = await httpServer((request, response) => {
      response.writeHead(request.url === exchangePaths.manifest ? 200 : 404).end(`${jwsOf(bob)}\n`)
    })
    const { components } = world()
    const peerUrls = [server.origin]
    const open = discoverPeers({ ...components, fetch: guardedFetch({ allowPrivate: ['127.0.0.1'] }) })
    expect(await open({ peerUrls })).toMatchObject({ peers: [{ did: bob.did }], faults: [] })
    const closed = discoverPeers({ ...components, fetch: guardedFetch({ allowPrivate: false }) })
    expect(await closed({ peerUrls })).toMatchObject({
      peers: [],
      faults: [{ source: server.origin, code: 'invalid_request', reason: expect.stringContaining('not allowed') }],
    })
  })
})

describe(manifestUrl, () => {
  it.each([
    ['https://b.example', 'https://b.example/.well-known/hansa/manifest'],
    ['https://b.example/', 'https://b.example/.well-known/hansa/manifest'],
    ['https://b.example/team-a', 'https://b.example/team-a/.well-known/hansa/manifest'],
    ['https://b.example/team-a/', 'https://b.example/team-a/.well-known/hansa/manifest'],
    ['https://b.example/kernel/manifest', 'https://b.example/kernel/manifest'],
    ['https://b.example/.well-known/hansa/manifest', 'https://b.example/.well-known/hansa/manifest'],
    ['https://b.example/files/b.jws', 'https://b.example/files/b.jws'],
    ['https://b.example/get?what=b', 'https://b.example/get?what=b'],
    ['nonsense', 'nonsense'],
  ])('of %s is %s', (given, asked) => {
    expect(manifestUrl(given)).toBe(asked)
  })
})

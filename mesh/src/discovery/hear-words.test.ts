/** Who counts as a channel; mallory brings, lists and serves what she likes. */
import { type CapabilityManifest, type Did, memoryStore } from '@hansa/protocols'
import { didKeyResolver, type Signer, signManifest, signPointer } from '@hansa/trust'
import { alice, aManifest, bob, carol, mallory, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { peerMemory } from '../peers/peer-memory.ts'
import { LocalReplica } from '../replica/local-replica.ts'
import { FakeRegistry } from '../testing/fake-registry.ts'
import { memoryFetch } from '../testing/memory-fetch.ts'
import { memoryNetwork } from '../testing/memory-network.ts'
import { clockAtNow } from '../testing/test-kernel.ts'
import { fetchNamed, type HearWordsInit, hearWords } from './hear-words.ts'
import { judgeWords } from './judge-words.ts'

const [PLACE, REGISTRY] = ['http://127.0.0.1:7402', 'http://127.0.0.1:7400']
const signed = (signer: Signer, over: Partial<CapabilityManifest> = {}) =>
  signManifest(signer, aManifest({ kernel_id: signer.did, ...over }))
const pointer = (signer: Signer, { seq, hash }: { seq: number; hash: string }) =>
  signPointer(signer, {
    ...{ v: 1, did: signer.did, seq, manifest_hash: hash, peer_ids: [], iat: NOW, exp: NOW + 600 },
    endpoints: [{ proto: 'hansa-http/1', url: PLACE }],
  })

/** alice looks; carol is known to her. */
function world({ dhtIsEnough = true } = {}) {
  const [network, clock, registry] = [memoryNetwork(), clockAtNow(), new FakeRegistry()]
  network.attach(REGISTRY, registry)
  const resolver = didKeyResolver()
  const replica = new LocalReplica({ clock, resolver }, { self: alice.did })
  const memory = peerMemory()({ store: memoryStore(), clock })
  const records: ReturnType<typeof pointer>[] = []
  const near: { peerId: string; signed: ReturnType<typeof pointer> }[] = []
  const claims = new Map<string, Did[]>()
  const components = {
    ...{ fetch: memoryFetch(network, 'http://a.test'), resolver, clock, memory, replica, self: alice.did },
    servedAt: (url: string) => claims.get(url) ?? [],
    isKnown: (from: string) => from === carol.did,
    dht: { find: async () => ({ records, enough: dhtIsEnough }) },
    lan: { shown: async () => near },
  }
  return {
    ...{ replica, records, near, components, claims },
    serve: (jws: string) =>
      network.attach(PLACE, { handle: async () => ({ status: 200, contentType: '', body: Buffer.from(jws) }) }),
    list: (jws: string) => void registry.listings.push({ manifest: jws, expires: NOW + 90 }),
    async hear(init: Partial<HearWordsInit> = { did: bob.did }) {
      const heard = await hearWords(components, { registryUrls: [REGISTRY], ...init })
      return { heard, words: heard.map(({ word }) => word), channels: heard.map(({ word }) => word.channel) }
    },
  }
}

describe(hearWords, () => {
  it('hears every channel by itself', async () => {
    const { serve, list, replica, records, near, hear } = world()
    const bobs = signed(bob)
    serve(bobs.jws)
    list(bobs.jws)
    await replica.take(bobs.jws, carol.did)
    records.push(pointer(bob, { seq: NOW, hash: bobs.hash }))
    near.push({ peerId: '12D3KooWbob', signed: pointer(bob, { seq: NOW, hash: bobs.hash }) })
    const { words, channels } = await hear({ did: bob.did, url: PLACE })
    expect(channels).toEqual(['peer_url', 'registry', 'dht', 'mdns', 'mesh'])
    expect(judgeWords(words)).toMatchObject({ ok: true, did: bob.did, hash: bobs.hash })
  })

  it.each([
    ['bob himself', bob.did],
    ['a stranger', mallory.did],
    ['a registry', `registry ${REGISTRY}`],
    ['nobody else than this kernel', alice.did],
  ])('takes no word of the mesh for what was brought by %s', async (_who, from) => {
    const { replica, hear } = world()
    await replica.take(signed(bob).jws, from)
    expect((await hear()).channels).toEqual([])
  })

  it('takes no word of a DHT of which too few hosts answer', async () => {
    const { records, hear } = world({ dhtIsEnough: false })
    records.push(pointer(bob, { seq: NOW, hash: signed(bob).hash }))
    expect((await hear()).channels).toEqual([])
  })

  it('hears nothing in what mallory lists and serves in the name of bob', async () => {
    const { serve, list, hear } = world()
    const [header, , signature] = signed(mallory).jws.split('.')
    const payload = signed(bob).jws.split('.')[1]
    serve(`${header}.${payload}.${signature}`)
    list(signed(mallory).jws)
    expect((await hear({ did: bob.did, url: PLACE })).channels).toEqual([])
  })

  it('finds two manifests of one number that different channels show', async () => {
    const { serve, list, hear } = world()
    serve(signed(bob).jws)
    list(signed(bob, { name: 'Another' }).jws)
    expect(judgeWords((await hear({ did: bob.did, url: PLACE })).words)).toMatchObject({ kind: 'conflict' })
  })

  it('finds another kernel that is said to be at the place, when nobody has said which one is meant', async () => {
    const { serve, list, replica, claims, hear } = world()
    serve(signed(mallory).jws)
    list(signed(mallory).jws)
    await replica.take(signed(bob).jws, carol.did)
    claims.set(PLACE, [bob.did])
    const { words } = await hear({ did: undefined, url: PLACE })
    expect(judgeWords(words)).toMatchObject({ kind: 'conflict', reason: expect.stringContaining(bob.did) })
  })

  it('fetches what two records name from where they say, and only that', async () => {
    const { serve, records, near, components, hear } = world()
    const bobs = signed(bob)
    records.push(pointer(bob, { seq: NOW, hash: bobs.hash }))
    near.push({ peerId: '12D3KooWbob', signed: pointer(bob, { seq: NOW, hash: bobs.hash }) })
    const { heard, words } = await hear()
    const verdict = judgeWords(words)
    if (!verdict.ok) throw new Error(verdict.reason)
    serve(bobs.jws)
    expect(await fetchNamed(components, verdict, heard)).toMatchObject({ jws: bobs.jws })
    expect(await fetchNamed(components, { ...verdict, hash: signed(bob, { name: 'x' }).hash }, heard)).toBeUndefined()
  })
})

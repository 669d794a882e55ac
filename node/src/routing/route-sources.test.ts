import type { Did, DiscoveredPeer, Discovery, SearchAnswer } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { registrySource, replicaSource } from './route-sources.ts'

const [a, b] = ['did:key:a' as Did, 'did:key:b' as Did]
const hit = (did: Did, name?: string) =>
  ({ did, ...(name === undefined ? {} : { name }) }) as SearchAnswer['hits'][number]
const peer = (did: Did, name: string) => ({ did, signed: { manifest: { name } } }) as unknown as DiscoveredPeer

describe(replicaSource, () => {
  it('names whoever offers exactly this id', async () => {
    const asked: unknown[] = []
    const source = replicaSource(async (query) => {
      asked.push(query)
      return { hits: [hit(a, 'bergen'), hit(b)], matches: 2, kernels: 40 }
    })
    expect(await source.find('files.read')).toEqual({
      providers: [{ peer: a, name: 'bergen' }, { peer: b }],
      reason: 'offered by 2 of 40 kernels in the replica',
    })
    expect(asked).toEqual([{ capability: 'files.read', limit: 100 }])
  })

  it('says so when it cannot be asked', async () => {
    const { providers, reason } = await replicaSource(() => expect.fail('it was asked')).find('../x')
    expect([providers, reason]).toEqual([[], expect.stringContaining('not asked')])
  })
})

describe(registrySource, () => {
  const registries: Record<string, Discovery> = {
    'https://one.example': { peers: [peer(a, 'bergen')], faults: [] },
    'https://two.example': { peers: [peer(a, 'bergen'), peer(b, 'visby')], faults: [] },
    'https://gone.example': {
      peers: [],
      faults: [{ source: 'https://gone.example/v1/manifests', code: 'remote_refused', reason: 'nobody answers' }],
    },
  }
  const source = registrySource({
    registryUrls: Object.keys(registries),
    discover: async ({ registryUrl }) => registries[registryUrl] ?? { peers: [], faults: [] },
  })

  it('asks each, counts a kernel once, and names the one that did not answer', async () => {
    expect(await source.find('files.read')).toEqual({
      providers: [
        { peer: a, name: 'bergen' },
        { peer: b, name: 'visby' },
      ],
      reason: 'https://one.example names 1; https://two.example names 2; https://gone.example: nobody answers',
    })
  })

  it('is not asked for what is no name of a capability', async () => {
    expect((await source.find('Files Read')).reason).toContain('not asked')
  })
})

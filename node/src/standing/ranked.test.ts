import type { Did, DiscoveredPeer } from '@hansa/protocols'
import { expect, it } from 'vitest'
import { rankedDiscovery } from './ranked.ts'

const scores = new Map([
  ['did:key:low', 250],
  ['did:key:high', 720],
])
const standing = { of: (did: Did) => ({ score: scores.get(did) ?? 200, tier: 'probation' as const }) }
const found = (did: string) => ({ did, by: [], sources: [] }) as unknown as DiscoveredPeer

it('puts first whoever may be trusted with most, and keeps the order of those who are equal', async () => {
  const peers = ['did:key:a', 'did:key:low', 'did:key:b', 'did:key:high'].map(found)
  const discover = rankedDiscovery(async () => ({ peers, faults: [] }), standing)
  const ranked = (await discover({})).peers
  expect(ranked.map(({ did }) => did)).toEqual(['did:key:high', 'did:key:low', 'did:key:a', 'did:key:b'])
  expect(ranked[0]?.standing).toEqual({ score: 720, tier: 'probation' })
})

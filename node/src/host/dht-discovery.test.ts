import type { Did, DiscoverInit, Discovery } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { withDht } from './dht-discovery.ts'

const did = 'did:key:z6Mk' as Did
const url = 'https://k.example'
const peer = (seq: number) => ({ did, signed: { manifest: { seq } }, by: ['peer_url'], sources: [url] })
const record = (seq: number, endpoints: unknown = [{ proto: 'hansa-http/1', url }]) => ({ pointer: { seq, endpoints } })

/** A kernel whose manifest of this number is at the URL, and whom nothing else names. */
function asked(seq: number, record: unknown, contradiction?: unknown) {
  const calls: (DiscoverInit | undefined)[] = []
  const looked: Did[] = []
  const discover = async (init?: DiscoverInit) => {
    calls.push(init)
    return { peers: init?.peerUrls?.length === 1 ? [peer(seq)] : [], faults: [] } as unknown as Discovery
  }
  const find = async (of: Did) => {
    looked.push(of)
    return { best: record, contradiction } as never
  }
  return { calls, looked, discover: withDht(discover, { find }) }
}

describe('a kernel that nobody else names', () => {
  it('is looked for in the DHT, and its manifest fetched from where its record says', async () => {
    const world = asked(7, record(7))
    expect(await world.discover({ did })).toMatchObject({ peers: [{ did, by: ['dht'] }], faults: [] })
    expect(world.calls).toEqual([{ did }, { did, peerUrls: [url] }])
  })

  it.each([
    ['shows an older manifest than its record says', asked(6, record(7)), 'descriptor_mismatch'],
    ['has no record', asked(7, undefined), 'not_found'],
    ['names no place', asked(7, record(7, [])), 'not_found'],
    ['contradicts itself', asked(7, record(7), [record(7), record(7)]), 'descriptor_mismatch'],
  ])('is not found when it %s', async (_what, { discover }, code) => {
    expect(await discover({ did })).toMatchObject({ peers: [], faults: [{ source: 'dht', code }] })
  })

  it.each<[string, DiscoverInit | undefined]>([
    ['nobody is asked for', undefined],
    ['a place is named', { did, peerUrls: [url] }],
    ['only a capability is named', { capability: 'files.read' }],
  ])('is not looked for when %s', async (_what, init) => {
    const world = asked(7, record(7))
    await world.discover(init)
    expect(world.looked).toEqual([])
  })
})

it('is not asked where there is no host', async () => {
  const discover = async () => ({ peers: [], faults: [] })
  expect(withDht(discover, undefined)).toBe(discover)
})

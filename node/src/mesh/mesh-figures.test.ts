import type { Gossip, RoundReport, TakeGossip } from '@hansa/mesh'
import type { MeshNeighbour } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { MeshCounters } from './mesh-figures.ts'

const report = (over: Partial<RoundReport>): RoundReport => ({
  ...{ neighbour: 'did:key:z6Mk', tookMs: 1, taken: 0, given: 0, equal: false },
  ...{ requests: 1, bytesSent: 10, bytesReceived: 100 },
  ...over,
})
const sources = {
  replica: { size: 3, bytes: 4_000, judged: { accept: 3, ignore: 1, reject: 0 } },
  neighbours: () =>
    [{ channel: 'hansa-ws/1' }, {}, { fault: 'it did not answer' }, { channel: 'x', fault: 'y' }] as MeshNeighbour[],
  channels: () => [
    { peer: 'did:key:a' as const, proto: 'hansa-ws/1', openedMs: 1 },
    { peer: 'did:key:b' as const, openedMs: 1 },
  ],
  frames: () => ({ sent: 7, received: 8 }),
}

describe(MeshCounters, () => {
  it('counts rounds by what came of them, and bytes both ways', () => {
    const counters = new MeshCounters()
    for (const over of [{ equal: true }, { taken: 4 }, { fault: 'away' }, { rejected: 'signature_invalid' }])
      counters.round(report(over))
    counters.pushed({ requests: 2, bytesSent: 5, bytesReceived: 1 })
    expect(counters.now(sources)).toMatchObject({
      rounds: { equal: 1, changed: 1, failed: 1, refused: 1 },
      pushes: 2,
      traffic: { sent: 45, received: 401 },
    })
  })

  it('says of each neighbour one thing: a silent one is not open, whatever channel there is', () => {
    expect(new MeshCounters().now(sources)).toMatchObject({
      kernels: 3,
      bytes: 4_000,
      neighbours: { open: 1, answering: 1, silent: 2 },
      channels: { opened: 1, taken: 1 },
      frames: { sent: 7, received: 8 },
      host: { inbound: 0, outbound: 0 },
    })
  })

  it('passes gossip on with the kernel that it comes from, and counts what is published and what mallory has refused', async () => {
    const takers: TakeGossip[] = []
    const gossip: Gossip = {
      publish: async () => undefined,
      subscribe(_topic, take) {
        takers.push(take)
        return () => undefined
      },
    }
    const counters = new MeshCounters()
    const counted = counters.counting(gossip)
    const named: string[] = []
    const known = counters.counting(gossip, (from) => (from === '12D3KooWbob' ? 'did:key:bob' : undefined))
    known.subscribe('/hansa/revocations/1', async (_message, from) => {
      named.push(from)
      return 'ignore'
    })
    for (const from of ['12D3KooWbob', '12D3KooWmallory']) await takers[0]?.(Buffer.from('x'), from)
    expect(named).toEqual(['did:key:bob', '12D3KooWmallory'])
    takers.length = 0
    counted.subscribe('/hansa/manifests/1', async (message) => (message.length > 3 ? 'reject' : 'accept'))
    await counted.publish('/hansa/manifests/1', Buffer.from('a'))
    expect(await takers[0]?.(Buffer.from('from mallory'), 'mallory')).toBe('reject')
    expect(await takers[0]?.(Buffer.from('ok'), 'bob')).toBe('accept')
    expect(counters.now(sources).gossip).toEqual({ published: 1, accept: 1, ignore: 2, reject: 1 })
  })
})

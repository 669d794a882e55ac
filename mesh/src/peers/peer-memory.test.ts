import { type CheckpointReference, type Did, memoryStore } from '@hansa/protocols'
import { taggedHash } from '@hansa/trust'
import { alice, bob, carol, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { clockAtNow } from '../testing/test-kernel.ts'
import { manifestOrder } from './manifest-order.ts'
import { peerMemory } from './peer-memory.ts'

const hash = (text: string) => taggedHash('test', text)
const checkpoint = (size: number, origin = 'b.example/hansa/log/1'): CheckpointReference => ({
  origin,
  size,
  root: hash(`${size}`),
})

function remembering(maxPeers?: number, keeps?: (peer: Did) => boolean) {
  const [store, clock] = [memoryStore(), clockAtNow()]
  const again = () => peerMemory({ ...(maxPeers && { maxPeers }), ...(keeps && { keeps }) })({ store, clock })
  return { store, clock, memory: again(), again }
}

describe(peerMemory, () => {
  it('keeps the highest number of a manifest', async () => {
    const { memory } = remembering()
    for (const seq of [5, 7, 6]) await memory.rememberManifest(bob.did, { seq, hash: hash(`${seq}`) })
    await memory.rememberManifest(bob.did, { seq: 7, hash: hash('another') })
    expect(await memory.manifest(bob.did)).toEqual({ seq: 7, hash: hash('7') })
    expect(await memory.manifest(alice.did)).toBeUndefined()
  })

  it('keeps the largest checkpoint of a log, and takes one of another log', async () => {
    const { memory } = remembering()
    for (const size of [5, 7, 6]) await memory.rememberCheckpoint(bob.did, checkpoint(size))
    expect(await memory.checkpoint(bob.did)).toEqual(checkpoint(7))
    await memory.rememberCheckpoint(bob.did, checkpoint(1, 'b.example/hansa/log/2'))
    expect(await memory.checkpoint(bob.did)).toEqual(checkpoint(1, 'b.example/hansa/log/2'))
  })

  it('survives a restart', async () => {
    const { memory, again } = remembering()
    await Promise.all([
      memory.rememberManifest(bob.did, { seq: 1, hash: hash('1') }),
      memory.rememberCheckpoint(bob.did, checkpoint(3)),
      memory.rememberStrong(bob.did),
    ])
    const restarted = again()
    expect(await restarted.manifest(bob.did)).toEqual({ seq: 1, hash: hash('1') })
    expect(await restarted.checkpoint(bob.did)).toEqual(checkpoint(3))
    expect(await restarted.wasStrong(bob.did)).toBe(true)
  })

  it('contradicts a manifest from before a restart, of whoever is kept, and of strangers only while it runs', async () => {
    const told: unknown[] = []
    const [store, clock] = [memoryStore(), clockAtNow()]
    const keeps = (peer: Did) => peer === bob.did
    const started = () =>
      peerMemory({ keeps, equivocated: (peer, manifests) => told.push([peer, manifests]) })({ store, clock })
    const before = started()
    for (const peer of [bob.did, mallory.did])
      await before.rememberManifest(peer, { seq: 3, hash: hash('one') }, 'a.b.one')
    const after = started()
    for (const peer of [bob.did, mallory.did]) {
      await after.manifest(peer)
      after.equivocates(peer, 'a.b.another')
    }
    expect(told).toEqual([[bob.did, ['a.b.one', 'a.b.another']]])
    await after.forget(bob.did)
    expect(await store.list('mesh.manifests')).toEqual([])
  })

  it('forgets a peer when an operator says so', async () => {
    const { memory, again } = remembering()
    await memory.rememberStrong(bob.did)
    await memory.forget(bob.did)
    expect([await memory.wasStrong(bob.did), await again().wasStrong(bob.did)]).toEqual([false, false])
  })

  it('when full, makes room for a stranger by the oldest other stranger, and never by a peer that is kept', async () => {
    const { memory, again } = remembering(2, (peer) => peer === alice.did)
    for (const { did } of [alice, mallory, carol, bob]) await memory.rememberStrong(did)
    for (const remembered of [memory, again()]) {
      const strong = await Promise.all([alice, mallory, carol, bob].map(({ did }) => remembered.wasStrong(did)))
      expect(strong).toEqual([true, false, false, true])
    }
  })

  it('when full of peers that are kept, forgets manifests that can no longer be valid, and takes no strangers', async () => {
    const { memory, clock } = remembering(2, () => true)
    const seen = { seq: 1, hash: hash('1') }
    await memory.rememberManifest(alice.did, seen)
    await memory.rememberCheckpoint(bob.did, checkpoint(1))
    await memory.rememberManifest(carol.did, seen)
    expect(await memory.manifest(carol.did)).toBeUndefined()
    // Who is known is still updated.
    await memory.rememberManifest(bob.did, seen)
    expect(await memory.manifest(bob.did)).toEqual(seen)
    clock.advance(86_460_000)
    await memory.rememberManifest(mallory.did, seen)
    expect(await memory.manifest(mallory.did)).toEqual(seen)
    expect(await memory.manifest(alice.did)).toBeUndefined()
    expect(await memory.checkpoint(bob.did)).toEqual(checkpoint(1))
  })

  it.each(['', 'null', '{"manifest":{"seq":"1"}}', '{"checkpoint":{}}', '{"strong":false}'])(
    'does not take the peer for a stranger when the store holds "%s" of it',
    async (text) => {
      const { store, memory } = remembering()
      await store.set('mesh.peers', bob.did, text)
      await expect(memory.manifest(bob.did)).rejects.toMatchObject({ detail: { code: 'store_corrupt', key: bob.did } })
    },
  )
})

describe(manifestOrder, () => {
  it.each([
    [5, 'a', undefined, 'newer'],
    [5, 'a', { seq: 4, hash: 'b' }, 'newer'],
    [5, 'a', { seq: 5, hash: 'a' }, 'same'],
    [5, 'a', { seq: 5, hash: 'b' }, 'equivocation'],
    [5, 'a', { seq: 6, hash: 'a' }, 'rolled_back'],
  ] as const)('says of number %i with hash %s after %j: %s', (seq, digest, seen, order) => {
    expect(manifestOrder({ seq, hash: digest }, seen)).toBe(order)
  })
})

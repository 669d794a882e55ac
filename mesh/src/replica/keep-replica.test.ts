import { didKeyResolver, unadmittedKeys } from '@hansa/trust'
import { bob, carol, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { describeReplicaStore } from '../testing/describe-replica-store.ts'
import { manifestOf, withdrawalOf } from '../testing/replica-records.ts'
import { clockAtNow } from '../testing/test-kernel.ts'
import { keepReplica } from './keep-replica.ts'
import { LocalReplica } from './local-replica.ts'
import { memoryReplicaStore, type ReplicaStore } from './replica-store.ts'

describeReplicaStore('in memory', async () => memoryReplicaStore())

function kept(store: ReplicaStore) {
  const clock = clockAtNow()
  const failures: unknown[] = []
  const replica = new LocalReplica({ clock, resolver: unadmittedKeys(didKeyResolver()) })
  const keeper = keepReplica({ replica, store, clock, failed: (error) => void failures.push(error) })
  return { clock, replica, keeper, failures }
}

describe(keepReplica, () => {
  it('brings back after a restart what was there, tombstones included, and checks no signature again', async () => {
    const store = memoryReplicaStore()
    const before = kept(store)
    await before.replica.take(manifestOf(bob), 'alice')
    await before.replica.take(manifestOf(carol), 'alice')
    await before.replica.take(withdrawalOf(carol, NOW + 1), 'alice')
    await before.keeper.close()
    const clock = clockAtNow()
    const resolver = { resolve: () => Promise.reject(new Error('nobody is asked for a key')) }
    const replica = new LocalReplica({ clock, resolver })
    const after = keepReplica({ replica, store, clock, failed: () => {} })
    await after.restored
    expect(replica.get(bob.did)).toEqual(before.replica.get(bob.did))
    expect(replica.record(carol.did)?.kind).toBe('withdrawal')
    expect(replica.digest).toBe(before.replica.digest)
    await after.close()
  })

  it('forgets what has lapsed, and writes again what could not be written', async () => {
    const inner = memoryReplicaStore()
    let broken = true
    const store: ReplicaStore = {
      load: () => inner.load(),
      apply: (changes) => (broken ? Promise.reject(new Error('disk')) : inner.apply(changes)),
    }
    const { clock, replica, keeper, failures } = kept(store)
    await keeper.restored
    await replica.take(manifestOf(bob), 'alice')
    clock.advance(1_000)
    await expect.poll(() => failures.length).toBe(1)
    broken = false
    await expect.poll(() => clock.waiting).toBe(1)
    clock.advance(1_000)
    await expect.poll(async () => (await inner.load()).length).toBe(1)
    clock.advance(3_700_000)
    expect(replica.size).toBe(0)
    await keeper.close()
    expect(await inner.load()).toEqual([])
  })
})

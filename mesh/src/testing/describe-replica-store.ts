import { NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import type { ReplicaRecord } from '../replica/replica-record.ts'
import type { ReplicaStore } from '../replica/replica-store.ts'

/** The contract of the port `ReplicaStore`. @param make an empty store for each test. */
export function describeReplicaStore(name: string, make: () => Promise<ReplicaStore>): void {
  const record = (number: number, over: Partial<ReplicaRecord> = {}): ReplicaRecord => ({
    did: `did:key:z6Mk${number}`,
    kind: 'manifest',
    seq: NOW + number,
    hash: `hash-${number}`,
    jws: `header.payload-${number}.signature`,
    until: NOW + 3_660,
    from: 'http://192.0.2.1; drop table',
    ...over,
  })
  const put = (...records: ReplicaRecord[]) => records.map((one) => ({ did: one.did, record: one }))
  const sorted = async (store: ReplicaStore) => (await store.load()).sort((a, b) => a.seq - b.seq)

  describe(`ReplicaStore: ${name}`, () => {
    it('gives back what was put last, to the character', async () => {
      const store = await make()
      expect(await store.load()).toEqual([])
      const tombstone = record(2, { kind: 'withdrawal' })
      const twice = record(3, { equivocates: true })
      await store.apply(put(record(1), tombstone, twice))
      await store.apply(put(record(1, { jws: 'é 漢 😀', seq: NOW })))
      expect(await sorted(store)).toEqual([record(1, { jws: 'é 漢 😀', seq: NOW }), tombstone, twice])
    })

    it('forgets what is deleted, and nothing else', async () => {
      const store = await make()
      await store.apply(put(record(1), record(2)))
      await store.apply([{ did: record(1).did }, { did: 'did:key:z6Mknobody' }])
      expect(await store.load()).toEqual([record(2)])
    })

    it('takes changes in their order, and many at once', async () => {
      const store = await make()
      await store.apply([])
      const many = Array.from({ length: 700 }, (_, number) => record(number))
      await store.apply([...put(...many), { did: record(0).did }, ...put(record(1, { seq: 5 }))])
      const found = await sorted(store)
      expect(found).toHaveLength(699)
      expect(found[0]).toEqual(record(1, { seq: 5 }))
    })
  })
}

import type { Did } from '@hansa/protocols'
import type { ReplicaRecord } from './replica-record.ts'

export type ReplicaStoreChange = { did: Did; record?: ReplicaRecord }

/**
 * Keeps the records of a replica over a restart. What was verified is not verified again when it is read back: whoever can
 * write to this store can write to the pins beside it, and nothing in a replica authorises anything.
 */
export interface ReplicaStore {
  /** Every record, in no order. */
  load(): Promise<ReplicaRecord[]>
  /** All of the changes or none; without a record: it is deleted. */
  apply(changes: readonly ReplicaStoreChange[]): Promise<void>
}

/** Forgets everything when the process ends. */
export function memoryReplicaStore(): ReplicaStore {
  const records = new Map<Did, ReplicaRecord>()
  return {
    load: async () => [...records.values()].map((record) => ({ ...record })),
    async apply(changes) {
      for (const { did, record } of changes) {
        if (record === undefined) records.delete(did)
        else records.set(did, { ...record })
      }
    },
  }
}

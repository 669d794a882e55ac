/**
 * Writes a replica to what keeps it, some time after each change: what a crash loses is fetched again. And reads it back,
 * in slices, so that calls go on meanwhile.
 */
import { setImmediate } from 'node:timers/promises'
import type { Clock, Did } from '@hansa/protocols'
import type { LocalReplica } from './local-replica.ts'
import type { ReplicaStore } from './replica-store.ts'

/** Milliseconds in which changes gather. */
const GATHER_MS = 1_000
/** Records of one write, and of one slice of reading. */
const PER_WRITE = 256
const PER_SLICE = 16

export type KeepReplicaComponents = {
  replica: LocalReplica
  store: ReplicaStore
  clock: Clock
  /** Told of what could not be written or read; writing is tried again. */
  failed(error: unknown): void
}

export interface KeptReplica {
  /** Resolves when what was kept is back. Never rejects. */
  readonly restored: Promise<void>
  /** Writes what is left. */
  close(): Promise<void>
}

export function keepReplica({ replica, store, clock, failed }: KeepReplicaComponents): KeptReplica {
  const changed = new Set<Did>()
  let cancel: (() => void) | undefined
  let writing: Promise<void> = Promise.resolve()
  let closed = false

  const write = async (): Promise<void> => {
    while (changed.size > 0) {
      const dids = [...changed].slice(0, PER_WRITE)
      for (const did of dids) changed.delete(did)
      const changes = dids.map((did) => {
        const record = replica.record(did)
        return record === undefined ? { did } : { did, record }
      })
      try {
        await store.apply(changes)
      } catch (error) {
        for (const did of dids) changed.add(did)
        throw error
      }
      await setImmediate()
    }
  }
  const soon = () => {
    if (closed) return
    cancel ??= clock.after(GATHER_MS, () => {
      cancel = undefined
      writing = writing
        .then(write)
        .catch(failed)
        .then(() => {
          if (changed.size > 0) soon()
        })
    })
  }
  const restore = async (): Promise<void> => {
    const records = await store.load()
    for (let at = 0; at < records.length && !closed; at += PER_SLICE) {
      replica.restore(records.slice(at, at + PER_SLICE))
      await setImmediate()
    }
  }
  const restored = restore().catch(failed)
  const unwatch = replica.watch(({ record }) => {
    changed.add(record.did)
    soon()
  })
  return {
    restored,
    async close() {
      closed = true
      cancel?.()
      await restored
      await writing
      await write().catch(failed)
      unwatch()
    },
  }
}

/** Content of calls in memory, with the store that its erasures are committed with: what a test lets a kernel have instead of a home. */
import type { Store } from '@hansa/protocols'
import { type Database, openDatabase, sqlStore, storeMigrations } from '@hansa/storage'
import { newSeed } from '@hansa/trust'
import type { BlobDisk } from '../content/content-records.ts'
import type { ContentGround } from '../content/content-store.ts'
import { contentMigrations, sqlContentRecords } from '../content/sql-content-records.ts'

export type MemoryContent = AsyncDisposable & {
  ground: ContentGround
  store: Store
  /** By the hash of the record. */
  blobs: Map<string, Uint8Array>
  database: Database<unknown>
}

export async function memoryContent(): Promise<MemoryContent> {
  const database = await openDatabase<unknown>('memory:')
  await database.migrate(storeMigrations)
  await database.migrate(contentMigrations)
  const blobs = new Map<string, Uint8Array>()
  const key = newSeed()
  return {
    ground: { records: sqlContentRecords(database), blobs: blobsIn(blobs), key: async () => key },
    store: sqlStore(database),
    blobs,
    database,
    [Symbol.asyncDispose]: () => database.close(),
  }
}

function blobsIn(blobs: Map<string, Uint8Array>): BlobDisk {
  return {
    write: async (hash, bytes) => void blobs.set(hash, Uint8Array.from(bytes)),
    read: async (hash) => blobs.get(hash),
    remove: async (hashes) => {
      for (const hash of hashes) blobs.delete(hash)
    },
  }
}

/** The records of the replica in a table of `state.db`. */
import type { ReplicaRecord, ReplicaStore, ReplicaStoreChange } from '@hansa/mesh'
import { isDid } from '@hansa/protocols'
import type { Database, PackageMigrations } from '@hansa/storage'
import type { Kysely, Transaction } from 'kysely'

type Row = {
  did: string
  kind: string
  seq: number
  hash: string
  jws: string
  until_s: number
  source: string
  equivocates: number
}
type ReplicaTables = { replica_records: Row }

export const replicaMigrations: PackageMigrations = {
  package: '@hansa/node/replica',
  migrations: [
    {
      id: '0001_replica_records',
      async up(db) {
        await db.schema
          .createTable('replica_records')
          .addColumn('did', 'text', (column) => column.primaryKey().notNull())
          .addColumn('kind', 'text', (column) => column.notNull())
          .addColumn('seq', 'bigint', (column) => column.notNull())
          .addColumn('hash', 'text', (column) => column.notNull())
          .addColumn('jws', 'text', (column) => column.notNull())
          .addColumn('until_s', 'bigint', (column) => column.notNull())
          .addColumn('source', 'text', (column) => column.notNull())
          .addColumn('equivocates', 'integer', (column) => column.notNull())
          .execute()
      },
    },
  ],
}

/** @param database migrated with `replicaMigrations` */
export function sqlReplicaStore<DB>(database: Database<DB>): ReplicaStore {
  const db = database.db as unknown as Kysely<ReplicaTables>
  return {
    async load() {
      return (await db.selectFrom('replica_records').selectAll().execute()).flatMap(recordOf)
    },
    async apply(changes) {
      if (changes.length === 0) return
      await db.transaction().execute(async (within) => {
        for (const change of changes) await applyChange(within, change)
      })
    },
  }
}

async function applyChange(db: Transaction<ReplicaTables>, { did, record }: ReplicaStoreChange): Promise<void> {
  if (record === undefined) {
    await db.deleteFrom('replica_records').where('did', '=', did).execute()
    return
  }
  const { kind, seq, hash, jws, until, from, equivocates } = record
  const row = { kind, seq, hash, jws, until_s: until, source: from, equivocates: equivocates === true ? 1 : 0 }
  await db
    .insertInto('replica_records')
    .values({ did, ...row })
    .onConflict((conflict) => conflict.column('did').doUpdateSet(row))
    .execute()
}

/** A row that cannot be one is left out: its kernel is heard of again. */
function recordOf({ did, kind, seq, hash, jws, until_s, source, equivocates }: Row): ReplicaRecord[] {
  if (!isDid(did) || (kind !== 'manifest' && kind !== 'withdrawal')) return []
  const record = { did, kind, seq: Number(seq), hash, jws, until: Number(until_s), from: source } as const
  return [equivocates === 1 ? { ...record, equivocates: true } : record]
}

/** The records of the replica in a table of `state.db`. */
import { setImmediate } from 'node:timers/promises'
import type { ReplicaRecord, ReplicaStore, ReplicaStoreChange } from '@hansa/mesh'
import { type Did, isDid } from '@hansa/protocols'
import type { Database, PackageMigrations } from '@hansa/storage'
import type { Kysely, Transaction } from 'kysely'
import { slices } from '../slices.ts'

/** Rows of one statement: short of the parameters that a database takes, and of a turn of the event loop. */
const PER_STATEMENT = 64

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
        await applyAll(within, changes)
      })
    },
  }
}

/**
 * One statement for many rows: each takes a tenth of a millisecond by itself, in the thread that calls go through. The event
 * loop has a turn between statements; whatever else wants the database meanwhile waits for the whole.
 */
async function applyAll(db: Transaction<ReplicaTables>, changes: readonly ReplicaStoreChange[]): Promise<void> {
  // The last one counts, and no statement may meet a row twice.
  const last = [...new Map(changes.map(({ did, record }) => [did, record]))]
  const gone = last.flatMap(([did, record]) => (record === undefined ? [did] : []))
  const rows = last.flatMap(([did, record]) => (record === undefined ? [] : [rowOf(did, record)]))
  for (const some of slices(gone, PER_STATEMENT)) {
    await db.deleteFrom('replica_records').where('did', 'in', some).execute()
    await setImmediate()
  }
  for (const some of slices(rows, PER_STATEMENT)) {
    await insert(db, some)
    await setImmediate()
  }
}

async function insert(db: Transaction<ReplicaTables>, rows: readonly Row[]): Promise<void> {
  await db
    .insertInto('replica_records')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('did').doUpdateSet(({ ref }) => ({
        kind: ref('excluded.kind'),
        seq: ref('excluded.seq'),
        hash: ref('excluded.hash'),
        jws: ref('excluded.jws'),
        until_s: ref('excluded.until_s'),
        source: ref('excluded.source'),
        equivocates: ref('excluded.equivocates'),
      })),
    )
    .execute()
}

function rowOf(did: Did, { kind, seq, hash, jws, until, from, equivocates }: ReplicaRecord): Row {
  return { did, kind, seq, hash, jws, until_s: until, source: from, equivocates: equivocates === true ? 1 : 0 }
}

/** A row that cannot be one is left out: its kernel is heard of again. */
function recordOf({ did, kind, seq, hash, jws, until_s, source, equivocates }: Row): ReplicaRecord[] {
  if (!isDid(did) || (kind !== 'manifest' && kind !== 'withdrawal')) return []
  const record = { did, kind, seq: Number(seq), hash, jws, until: Number(until_s), from: source } as const
  return [equivocates === 1 ? { ...record, equivocates: true } : record]
}

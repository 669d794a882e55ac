/** Idempotency keys of calls that have ended, in a table of `state.db`. */
import type { Database, PackageMigrations } from '@hansa/storage'
import type { Kysely } from 'kysely'
import type { SettledKey, SettledKeys } from '../kernel/settled-keys.ts'
import { slices } from '../slices.ts'

/** Call ids of one statement: short of the parameters that a database takes. */
const PER_STATEMENT = 500

type Row = { scope: string; call_id: string; args_c: string; since_ms: number; state: string }
type SettledKeyTables = { settled_keys: Row }

export const settledKeyMigrations: PackageMigrations = {
  package: '@hansa/node/resume',
  migrations: [
    {
      id: '0001_settled_keys',
      async up(db) {
        await db.schema
          .createTable('settled_keys')
          .addColumn('scope', 'text', (column) => column.primaryKey().notNull())
          .addColumn('call_id', 'text', (column) => column.notNull())
          .addColumn('args_c', 'text', (column) => column.notNull())
          .addColumn('since_ms', 'bigint', (column) => column.notNull())
          .addColumn('state', 'text', (column) => column.notNull())
          .execute()
        for (const column of ['call_id', 'since_ms'] as const) {
          await db.schema.createIndex(`settled_keys_by_${column}`).on('settled_keys').column(column).execute()
        }
      },
    },
  ],
}

/** @param database migrated with `settledKeyMigrations` */
export function sqlSettledKeys<DB>(database: Database<DB>): SettledKeys {
  const db = database.db as unknown as Kysely<SettledKeyTables>
  return {
    async find(scope) {
      const row = await db.selectFrom('settled_keys').selectAll().where('scope', '=', scope).executeTakeFirst()
      return row && keyOf(row)
    },
    async add(keys) {
      // The last one counts, and no statement may meet a row twice.
      const last = [...new Map(keys.map((key) => [key.scope, key])).values()]
      await db.transaction().execute(async (within) => {
        for (const some of slices(last, PER_STATEMENT)) {
          await within
            .insertInto('settled_keys')
            .values(some.map(rowOf))
            .onConflict((conflict) =>
              conflict.column('scope').doUpdateSet(({ ref }) => ({
                call_id: ref('excluded.call_id'),
                args_c: ref('excluded.args_c'),
                since_ms: ref('excluded.since_ms'),
                state: ref('excluded.state'),
              })),
            )
            .execute()
        }
      })
    },
    async ofCalls(calls) {
      const found: SettledKey[] = []
      for (const some of slices([...calls], PER_STATEMENT)) {
        const rows = await db.selectFrom('settled_keys').selectAll().where('call_id', 'in', some).execute()
        found.push(...rows.map(keyOf))
      }
      return found
    },
    async before(sinceMs, most) {
      const old = db.selectFrom('settled_keys').selectAll().where('since_ms', '<', sinceMs)
      return (await old.orderBy('since_ms').limit(most).execute()).map(keyOf)
    },
    async forget(keys) {
      await db.transaction().execute(async (within) => {
        // By their calls: a scope may have another one by now.
        const calls = keys.map(({ callId }) => callId)
        for (const some of slices(calls, PER_STATEMENT)) {
          await within.deleteFrom('settled_keys').where('call_id', 'in', some).execute()
        }
      })
    },
  }
}

function rowOf({ scope, callId, argsCommitment, sinceMs, state }: SettledKey): Row {
  return { scope, call_id: callId, args_c: argsCommitment, since_ms: sinceMs, state }
}

/** A state that nobody wrote counts as one of which nothing is known: it never gives a call another try. */
function keyOf(row: Row): SettledKey {
  const state = row.state === 'done' ? 'done' : 'unknown'
  return { scope: row.scope, callId: row.call_id, argsCommitment: row.args_c, sinceMs: Number(row.since_ms), state }
}

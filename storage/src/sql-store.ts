import type { Store, StoreChange } from '@hansa/protocols'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from './database.ts'
import type { PackageMigrations } from './migrate.ts'

type StoreTables = { store_entries: { namespace: string; key: string; value: string } }

/** The table of `sqlStore`: apply them before the store is used. */
export const storeMigrations: PackageMigrations = {
  package: '@hansa/storage',
  migrations: [
    {
      id: '0001_store_entries',
      async up(db, dialect) {
        // SQLite compares text by its UTF-8 bytes; PostgreSQL does so only under the collation "C".
        const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`
        await db.schema
          .createTable('store_entries')
          .addColumn('namespace', text, (column) => column.notNull())
          .addColumn('key', text, (column) => column.notNull())
          .addColumn('value', 'text', (column) => column.notNull())
          .addPrimaryKeyConstraint('store_entries_pkey', ['namespace', 'key'])
          .execute()
      },
    },
  ],
}

/** A `Store` in a table of `database`, which the caller opens, migrates with `storeMigrations`, and closes. */
export function sqlStore<DB>(database: Database<DB>): Store {
  // `DB` names the caller's tables, and the one of this store is not among them.
  const db = database.db as unknown as Kysely<StoreTables>
  return {
    async get(namespace, key) {
      const row = await db
        .selectFrom('store_entries')
        .select('value')
        .where('namespace', '=', namespace)
        .where('key', '=', key)
        .executeTakeFirst()
      return row?.value
    },
    set: (namespace, key, value) => change(db, { namespace, key, value }),
    delete: (namespace, key) => change(db, { namespace, key }),
    async apply(changes) {
      await db.transaction().execute((transaction) => applyStoreChanges(transaction, changes))
    },
    async list(namespace) {
      return await db
        .selectFrom('store_entries')
        .select(['key', 'value'])
        .where('namespace', '=', namespace)
        .orderBy('key')
        .execute()
    },
  }
}

/** The changes of a store as a part of a larger transaction on the same database. */
export async function applyStoreChanges<DB>(
  transaction: Transaction<DB>,
  changes: readonly StoreChange[],
): Promise<void> {
  for (const one of changes) await change(transaction as unknown as Kysely<StoreTables>, one)
}

async function change(db: Kysely<StoreTables>, { namespace, key, value }: StoreChange): Promise<void> {
  if (value === undefined) {
    await db.deleteFrom('store_entries').where('namespace', '=', namespace).where('key', '=', key).execute()
    return
  }
  await db
    .insertInto('store_entries')
    .values({ namespace, key, value })
    .onConflict((conflict) => conflict.columns(['namespace', 'key']).doUpdateSet({ value }))
    .execute()
}

import type { Store } from '@hansa/protocols'
import { type Kysely, sql } from 'kysely'
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
    async set(namespace, key, value) {
      await db
        .insertInto('store_entries')
        .values({ namespace, key, value })
        .onConflict((conflict) => conflict.columns(['namespace', 'key']).doUpdateSet({ value }))
        .execute()
    },
    async delete(namespace, key) {
      await db.deleteFrom('store_entries').where('namespace', '=', namespace).where('key', '=', key).execute()
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

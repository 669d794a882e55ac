import type { PackageMigrations } from '@hansa/storage'
import { sql } from 'kysely'
import { createLogTables } from '../log/log-tables.ts'

export const recordMigrations: PackageMigrations = {
  package: '@hansa/registry-server',
  migrations: [
    {
      id: '0001_records',
      async up(db, dialect) {
        // Pages go on after a DID, so both engines must sort alike: by bytes.
        const did = dialect === 'postgres' ? sql`text collate "C"` : sql`text`
        await db.schema
          .createTable('records')
          .addColumn('did', did, (column) => column.primaryKey().notNull())
          .addColumn('seq', 'bigint', (column) => column.notNull())
          .addColumn('hash', 'text', (column) => column.notNull())
          .addColumn('withdrawn', 'integer', (column) => column.notNull())
          .addColumn('manifest', 'text')
          .addColumn('manifest_bytes', 'integer', (column) => column.notNull())
          .addColumn('manifest_exp', 'bigint', (column) => column.notNull())
          .addColumn('expires', 'bigint', (column) => column.notNull())
          .addColumn('renewed', 'bigint', (column) => column.notNull())
          .addColumn('keep_until', 'bigint', (column) => column.notNull())
          .execute()
        await db.schema
          .createTable('record_terms')
          .addColumn('kind', 'text', (column) => column.notNull())
          .addColumn('term', 'text', (column) => column.notNull())
          .addColumn('did', did, (column) => column.notNull().references('records.did').onDelete('cascade'))
          .addPrimaryKeyConstraint('record_terms_pkey', ['kind', 'term', 'did'])
          .execute()
        await db.schema.createIndex('record_terms_did').on('record_terms').column('did').execute()
        await db.schema
          .createTable('equivocations')
          .addColumn('did', did, (column) =>
            column.primaryKey().notNull().references('records.did').onDelete('cascade'),
          )
          .addColumn('seq', 'bigint', (column) => column.notNull())
          .addColumn('hash', 'text', (column) => column.notNull())
          .addColumn('manifest', 'text', (column) => column.notNull())
          .addColumn('first_hash', 'text', (column) => column.notNull())
          .addColumn('first_manifest', 'text')
          .execute()
      },
    },
    {
      id: '0002_log_and_liveness',
      async up(db, dialect) {
        await createLogTables(db, dialect)
        await db.schema
          .alterTable('records')
          .addColumn('state', 'text', (column) => column.notNull().defaultTo('alive'))
          .execute()
        await db.schema
          .alterTable('records')
          .addColumn('since', 'bigint', (column) => column.notNull().defaultTo(0))
          .execute()
        await db.schema.alterTable('records').addColumn('entry_index', 'bigint').execute()
        await db.schema
          .alterTable('records')
          .addColumn('source', 'text', (column) => column.notNull().defaultTo(''))
          .execute()
        await sql`update records set state = case when withdrawn = 1 then 'withdrawn' else 'dead' end where manifest is null`.execute(
          db,
        )
        await db.schema.createIndex('records_state').on('records').columns(['state', 'expires']).execute()
      },
    },
  ],
}

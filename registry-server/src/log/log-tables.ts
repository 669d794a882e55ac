import type { Dialect } from '@hansa/storage'
import { type Kysely, sql } from 'kysely'

export type LogTables = {
  /** One row. */
  log_head: {
    id: number
    origin: string
    vkey: string
    size: number /** JSON: base64url, largest first. */
    peaks: string
  }
  log_entries: {
    position: number
    did: string
    event: string
    hash: string
    /** The leaf. */
    entry: string
    /** What the kernel signed, where that is not its manifest. */
    statement: string | null
  }
  /** Every hash of the tree, in the order of `storedIndex`. */
  log_hashes: { at: number; hash: Uint8Array }
}

export async function createLogTables(db: Kysely<unknown>, _dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('log_head')
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('vkey', 'text', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('peaks', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('log_entries')
    .addColumn('position', 'bigint', (column) => column.primaryKey().notNull())
    .addColumn('did', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('entry', 'text', (column) => column.notNull())
    .addColumn('statement', 'text')
    .execute()
  await db.schema
    .createTable('log_hashes')
    .addColumn('at', 'bigint', (column) => column.primaryKey().notNull())
    .addColumn('hash', sql`bytea`, (column) => column.notNull())
    .execute()
}

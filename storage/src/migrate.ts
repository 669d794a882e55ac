/**
 * Forward-only migrations. Each package hands over its own list and only ever appends to it; what was applied is
 * recorded in one table, by package, position and id. Concurrent starters take turns: on PostgreSQL by an advisory
 * lock, on SQLite because the file has one holder.
 */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Dialect } from './database.ts'
import { StorageError } from './errors.ts'

export type Migration = {
  /** Names the migration for ever, for example `0001_records`. */
  id: string
  /** Runs inside a transaction that also records it: does all or nothing. */
  up(db: Transaction<unknown>, dialect: Dialect): Promise<void>
}

export type PackageMigrations = {
  /** Name of the package that owns the tables. */
  package: string
  /** In the order they apply. A released one is never changed, moved or removed. */
  migrations: readonly Migration[]
}

type Target = { db: Kysely<MigrationTables>; dialect: Dialect; location: string }

export type MigrationTables = { hansa_migrations: { package: string; ordinal: number; id: string } }

/** Any number will do, as long as nobody else locks it: the bytes of "hansa". */
const ADVISORY_LOCK = 0x68_61_6e_73_61

export type MigrateOptions = {
  /** Called once, before anything is changed in a database that holds tables of this package already. */
  beforeChange?(): Promise<void>
}

/** @throws StorageError `database_newer`, `migrations_diverged`, `migration_failed`; Error when an id occurs twice. */
export async function migrate(
  target: Target,
  { package: owner, migrations }: PackageMigrations,
  { beforeChange }: MigrateOptions = {},
): Promise<void> {
  const ids = migrations.map(({ id }) => id)
  if (new Set(ids).size < ids.length) throw new Error(`a migration id of ${owner} occurs twice`)

  let applied = 0
  await inTurn(target, async (db) => {
    await createTable(db)
    const recorded = await recordedIds(db, owner)
    checkHistory(target.location, owner, ids, recorded)
    applied = recorded.length
  })
  if (applied > 0 && applied < ids.length) await beforeChange?.()
  for (const [ordinal, migration] of migrations.entries()) {
    await inTurn(target, async (db) => {
      const recorded = await recordedIds(db, owner)
      checkHistory(target.location, owner, ids, recorded)
      if (recorded.length > ordinal) return
      await apply(target, owner, migration, db)
      await db.insertInto('hansa_migrations').values({ package: owner, ordinal, id: migration.id }).execute()
    })
  }
}

/** Runs `work` in a transaction that no other migrating process overlaps. */
async function inTurn(target: Target, work: (db: Transaction<MigrationTables>) => Promise<void>): Promise<void> {
  await target.db.transaction().execute(async (db) => {
    if (target.dialect === 'postgres') {
      // A large table is rewritten for as long as it takes, and the others wait for their turn meanwhile.
      await sql`set local statement_timeout = 0`.execute(db)
      await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK}::bigint)`.execute(db)
    }
    await work(db)
  })
}

async function createTable(db: Transaction<MigrationTables>): Promise<void> {
  await db.schema
    .createTable('hansa_migrations')
    .ifNotExists()
    .addColumn('package', 'text', (column) => column.notNull())
    .addColumn('ordinal', 'integer', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('hansa_migrations_pkey', ['package', 'ordinal'])
    .execute()
}

async function recordedIds(db: Transaction<MigrationTables>, owner: string): Promise<string[]> {
  const rows = await db
    .selectFrom('hansa_migrations')
    .select('id')
    .where('package', '=', owner)
    .orderBy('ordinal')
    .execute()
  return rows.map(({ id }) => id)
}

function checkHistory(location: string, owner: string, known: readonly string[], recorded: readonly string[]): void {
  for (const [ordinal, id] of recorded.slice(0, known.length).entries()) {
    const expected = known[ordinal]
    if (expected === id) continue
    throw new StorageError(
      { code: 'migrations_diverged', location, package: owner, recorded: id, expected: expected ?? '' },
      `${location} was migrated by other code of ${owner}: it holds ${id} where this code has ${expected}. ` +
        'Open it with the code that made it, or start with an empty database.',
    )
  }
  const unknown = recorded.slice(known.length)
  if (unknown.length === 0) return
  throw new StorageError(
    { code: 'database_newer', location, package: owner, unknown },
    `${location} was migrated by a later version of ${owner} (${unknown.join(', ')}). Start that version or a newer one.`,
  )
}

async function apply(
  { dialect, location }: Target,
  owner: string,
  migration: Migration,
  db: Transaction<MigrationTables>,
): Promise<void> {
  try {
    await migration.up(db as unknown as Transaction<unknown>, dialect)
  } catch (cause) {
    throw new StorageError(
      { code: 'migration_failed', location, package: owner, migration: migration.id },
      `Migration ${migration.id} of ${owner} failed on ${location} and was rolled back.`,
      { cause },
    )
  }
}

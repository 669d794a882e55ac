/**
 * One handle over two engines: SQLite in this process, or a PostgreSQL server that replicas share. What differs between
 * them stays in `sqlite/` and `postgres/`; a caller writes Kysely queries and meets the same values on both:
 *
 * - an integer is a `number`, and a `bigint` where a number would not be exact (also counts and sums of `bigint`s that
 *   the query casts to `bigint`);
 * - bytes are a `Uint8Array`; declare the column `bytea`;
 * - JSON is text: write `JSON.stringify`, read `JSON.parse`;
 * - text holds no U+0000, which PostgreSQL cannot store. There are no booleans and dates: use integers.
 */
import { Kysely, sql } from 'kysely'
import { StorageError } from './errors.ts'
import { type Location, parseLocation } from './location.ts'
import { type MigrateOptions, type MigrationTables, migrate, type PackageMigrations } from './migrate.ts'
import { openSqlite } from './sqlite/open-sqlite.ts'

export type Dialect = 'sqlite' | 'postgres'

export type OpenOptions = {
  /** How long to wait for a SQLite file that someone else holds, milliseconds; blocks the process. @default 1000 */
  lockWaitMs?: number
  /** PostgreSQL ends a statement that takes longer, milliseconds. Migrations are exempt. @default 10_000 */
  statementTimeoutMs?: number
  /** How long to wait for a connection to PostgreSQL, milliseconds. @default 5000 */
  connectTimeoutMs?: number
  /** Connections to PostgreSQL at the same time. @default 10 */
  maxConnections?: number
}

/** An open database. A resolved write outside a transaction, and a resolved transaction, are on the disk. */
export interface Database<DB> extends AsyncDisposable {
  /**
   * Inside `db.transaction()` use only the transaction: SQLite has one connection, and `db` waits for it forever.
   * Failures of the engine are thrown as StorageError; mistakes in SQL stay what they are.
   */
  readonly db: Kysely<DB>
  readonly dialect: Dialect
  /**
   * Applies what is missing, in order, each migration in its own transaction. Safe to call again, and by several
   * processes at once.
   * @throws StorageError `database_newer`, `migrations_diverged`, `migration_failed`.
   */
  migrate(migrations: PackageMigrations, options?: MigrateOptions): Promise<void>
  /**
   * Writes everything that is committed into a new SQLite file, while others go on reading and writing. SQLite only: a
   * PostgreSQL server has its own tools.
   * @throws StorageError `copy_unsupported`, `database_failed` when the file is there already or cannot be written.
   */
  copyTo(path: string): Promise<void>
  /**
   * Takes out of the files what a reader of them could still find. SQLite only: of a PostgreSQL server that is its
   * administrator's business, and nothing happens.
   *
   * `overwritten`: values that were replaced, in rows of the same size, of a table whose rows are only ever added at its
   * end. `deleted`: rows of any table too; copies of them stay behind when pages are rearranged, so the whole file is
   * written anew, which takes as long as that takes.
   */
  scrub(what: 'overwritten' | 'deleted'): Promise<void>
  /** Waits for what is running and releases the file or the connections. Calling it again does nothing. */
  close(): Promise<void>
}

/**
 * Opens `sqlite:PATH` (made when it does not exist, mode 0600; its directory is not), `memory:` or `postgres://…`.
 *
 * A SQLite file belongs to one process: to open it a second time fails, also for the `sqlite3` command. The lock is the
 * kernel's, so it ends with the process that holds it, however that ends.
 *
 * @throws StorageError `database_url_invalid`, `database_locked`, `database_unreachable`.
 */
export async function openDatabase<DB>(url: string, options: OpenOptions = {}): Promise<Database<DB>> {
  const location = parseLocation(url)
  const engine = await openEngine(location, options)
  const db = new Kysely<DB>({ dialect: engine.kysely })

  // A caller names its own tables in `DB`; the record of migrations is in the same database.
  const records = db as unknown as Kysely<MigrationTables>
  const target = { db: records, dialect: engine.dialect, location: location.display }
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= db.destroy().then(engine.close)
    return closed
  }
  return {
    db,
    dialect: engine.dialect,
    migrate: (migrations, options) => migrate(target, migrations, options),
    copyTo: (path) => copyTo(db, engine.dialect, location.display, path),
    scrub: (what) => scrub(db, engine.dialect, what),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function copyTo<DB>(db: Kysely<DB>, dialect: Dialect, location: string, path: string): Promise<void> {
  if (dialect === 'postgres') {
    throw new StorageError(
      { code: 'copy_unsupported', location },
      `${location} is a PostgreSQL database. Copy it with pg_dump.`,
    )
  }
  await sql`vacuum into ${path}`.execute(db)
}

async function scrub<DB>(db: Kysely<DB>, dialect: Dialect, what: 'overwritten' | 'deleted'): Promise<void> {
  if (dialect !== 'sqlite') return
  if (what === 'deleted') await sql`vacuum`.execute(db)
  // The write-ahead log holds pages as they were.
  await sql`pragma wal_checkpoint(truncate)`.execute(db)
}

async function openEngine(location: Location, options: OpenOptions) {
  if (location.kind === 'postgres') {
    // A node of its own needs none of it, and starts sooner without.
    const { openPostgres } = await import('./postgres/open-postgres.ts')
    return openPostgres(location.url, location.display, options)
  }
  const path = location.kind === 'memory' ? ':memory:' : location.path
  return openSqlite(path, location.display, options)
}

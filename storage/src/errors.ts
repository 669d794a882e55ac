import { KernelError } from '@hansa/protocols'

/** Which rule of the schema a row broke. */
export type ConstraintKind = 'unique' | 'foreign_key' | 'not_null' | 'check' | 'other'

/** `location` is the file or the server, without a password. */
export type StorageErrorDetail =
  /** The URL names no database that can be opened. */
  | { code: 'database_url_invalid'; url: string; reason: string }
  /** Someone else holds the SQLite file. Nothing was read or written. */
  | { code: 'database_locked'; location: string }
  /** The file cannot be opened, or the server does not answer. A commit in flight may or may not have happened. */
  | { code: 'database_unreachable'; location: string }
  /** The database was migrated by a later version of the package. Nothing was changed. */
  | { code: 'database_newer'; location: string; package: string; unknown: readonly string[] }
  /** The database was migrated by other code of the same package name. Nothing was changed. */
  | { code: 'migrations_diverged'; location: string; package: string; recorded: string; expected: string }
  /** A migration threw and was rolled back; those before it stay. */
  | { code: 'migration_failed'; location: string; package: string; migration: string }
  /** Only a SQLite database can be copied into a file. */
  | { code: 'copy_unsupported'; location: string }
  /** A row broke a rule of the schema; the statement did nothing. */
  | { code: 'constraint_violated'; constraint: ConstraintKind }
  /** PostgreSQL gave up on a transaction because of another one. Safe to run again from its start. */
  | { code: 'transaction_conflict' }
  /** PostgreSQL stopped a statement that ran longer than `statementTimeoutMs`. */
  | { code: 'statement_timeout' }
  /** The engine failed: disk full, read-only, damaged. `engineCode` is SQLite's name or the SQLSTATE. */
  | { code: 'database_failed'; location: string; engineCode: string }

/** Thrown by everything here for a failure of the database; `cause` is what the engine said. */
export class StorageError extends KernelError<StorageErrorDetail> {
  override readonly name: string = 'StorageError'
}

/** Adapter: `node:sqlite` on a file of its own, fitted to what Kysely expects of a SQLite library. */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { SqliteDialect, type SqliteStatement } from 'kysely'
import type { OpenOptions } from '../database.ts'
import type { Engine } from '../engine.ts'
import { openFailure, sqliteError } from './sqlite-error.ts'

const DEFAULT_LOCK_WAIT_MS = 1000

/** Statements that stay compiled: all that a kernel has, and some. */
const MAX_KEPT = 256
/** Longer ones hold many rows, and so come in many lengths. */
const MAX_KEPT_CHARS = 4_096

/** @throws StorageError `database_locked`, `database_unreachable`. */
export function openSqlite(path: string, location: string, options: OpenOptions): Engine {
  const file = openFile(path, location, options.lockWaitMs ?? DEFAULT_LOCK_WAIT_MS)
  const close = () => {
    if (file.isOpen) file.close()
  }
  const statements = keptStatements(file)
  const database = {
    close,
    prepare: (sql: string) => attempt(location, () => fitStatement(statements(sql), () => file.prepare(sql), location)),
  }
  return { dialect: 'sqlite', kysely: new SqliteDialect({ database }), close: async () => close() }
}

function openFile(path: string, location: string, lockWaitMs: number): DatabaseSync {
  let file: DatabaseSync | undefined
  try {
    if (path !== ':memory:') createPrivately(path)
    file = new DatabaseSync(path, { timeout: lockWaitMs, enableForeignKeyConstraints: true, readBigInts: true })
    // Before the first access: the lock is then taken once and held, and WAL needs no shared memory.
    file.exec('pragma locking_mode = exclusive')
    file.exec('pragma journal_mode = wal')
    file.exec('pragma synchronous = full')
    // Where fsync does not reach the medium (macOS), ask for the one that does.
    file.exec('pragma fullfsync = on')
    // What is deleted is overwritten, in pages that stay and in pages that become free.
    file.exec('pragma secure_delete = on')
    file.exec('begin exclusive; commit')
    return file
  } catch (cause) {
    file?.close()
    throw openFailure(cause, location)
  }
}

/** Only its owner reads the file; SQLite gives the write-ahead log the same mode. */
function createPrivately(path: string): void {
  try {
    // Never opens a file that exists: closing a second descriptor would drop this process's lock on it.
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

/** Compiling a statement costs more than most of them do. The engine compiles one again when the schema has changed. */
function keptStatements(file: DatabaseSync): (sql: string) => StatementSync {
  const kept = new Map<string, StatementSync>()
  return (sql) => {
    const statement = kept.get(sql) ?? file.prepare(sql)
    if (sql.length > MAX_KEPT_CHARS) return statement
    kept.delete(sql)
    kept.set(sql, statement)
    const [oldest] = kept.size > MAX_KEPT ? kept.keys() : []
    if (oldest !== undefined) kept.delete(oldest)
    return statement
  }
}

/** @param alone another one of the same text: rows that are read one by one may never be read to their end */
function fitStatement(statement: StatementSync, alone: () => StatementSync, location: string): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => attempt(location, () => statement.all(...(parameters as SQLInputValue[])).map(exactNumbers)),
    run: (parameters) => attempt(location, () => statement.run(...(parameters as SQLInputValue[]))),
    *iterate(parameters) {
      const rows = attempt(location, () => alone().iterate(...(parameters as SQLInputValue[])))
      for (;;) {
        const next = attempt(location, () => rows.next())
        if (next.done === true) return
        yield exactNumbers(next.value)
      }
    },
  }
}

/** Integers are read as `bigint`, so that none is rounded, and handed on as `number` where that is exact. */
function exactNumbers(row: Record<string, unknown>): Record<string, unknown> {
  for (const name in row) {
    const value = row[name]
    if (typeof value !== 'bigint') continue
    const number = Number(value)
    if (Number.isSafeInteger(number)) row[name] = number
  }
  return row
}

function attempt<T>(location: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw sqliteError(error, location)
  }
}

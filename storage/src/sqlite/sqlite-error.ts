import { type ConstraintKind, StorageError } from '../errors.ts'

/** Primary result codes, https://www.sqlite.org/rescode.html; an extended code holds one in its low byte. */
const BUSY = 5
const LOCKED = 6
const CONSTRAINT = 19
const NOT_A_DATABASE = 26

/** The medium's fault and not that of the statement. */
const engineFailures: Readonly<Record<number, string>> = {
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  26: 'SQLITE_NOTADB',
}

const constraintKinds: Readonly<Record<number, ConstraintKind>> = {
  275: 'check',
  787: 'foreign_key',
  1299: 'not_null',
  1555: 'unique',
  2067: 'unique',
  2579: 'unique',
}

/** @returns a StorageError for a failure of the engine, else `error` itself: a mistake in SQL stays one. */
export function sqliteError(error: unknown, location: string): unknown {
  const code = resultCode(error)
  if (code === undefined) return error
  const primary = code & 0xff
  if (primary === CONSTRAINT) {
    const constraint = constraintKinds[code] ?? 'other'
    return new StorageError({ code: 'constraint_violated', constraint }, messageOf(error), { cause: error })
  }
  if (primary === BUSY || primary === LOCKED) return locked(location, error)
  const engineCode = engineFailures[primary]
  if (engineCode === undefined) return error
  return new StorageError({ code: 'database_failed', location, engineCode }, `${location}: ${messageOf(error)}`, {
    cause: error,
  })
}

/** Why a file could not be opened, and what to do about it. */
export function openFailure(cause: unknown, location: string): StorageError {
  const primary = (resultCode(cause) ?? 0) & 0xff
  if (primary === BUSY || primary === LOCKED) return locked(location, cause)
  const advice =
    primary === NOT_A_DATABASE
      ? 'The file is something else; name another one.'
      : 'Its directory must exist, and this process must be able to write there.'
  return new StorageError(
    { code: 'database_unreachable', location },
    `The database ${location} cannot be opened: ${messageOf(cause)}. ${advice}`,
    { cause },
  )
}

function locked(location: string, cause: unknown): StorageError {
  return new StorageError(
    { code: 'database_locked', location },
    `The database ${location} is already open, and one process at a time may use it. ` +
      'Stop the other one, or name another file.',
    { cause },
  )
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

import { type ConstraintKind, StorageError } from '../errors.ts'

/** SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const constraintKinds: Readonly<Record<string, ConstraintKind>> = {
  '23502': 'not_null',
  '23503': 'foreign_key',
  '23505': 'unique',
  '23514': 'check',
}
const SERIALIZATION_FAILURE = '40001'
const DEADLOCK_DETECTED = '40P01'
const QUERY_CANCELED = '57014'

/** Connection exceptions (08) and shutdowns (57P0x). */
const UNREACHABLE = /^(?:08|57P0)/
/** Insufficient resources (53), system error (58), internal error (XX), read-only (25006). */
const ENGINE_FAILURE = /^(?:53|58|XX|25006)/

/** @returns a StorageError for a failure of the server or the network, else `error` itself. */
export function postgresError(error: unknown, location: string): unknown {
  const state = codeOf(error)
  if (!(error instanceof Error) || state === undefined) return isConnectionLoss(error) ? lost(error, location) : error
  const { message } = error
  const options = { cause: error }
  if (state.startsWith('23') && state.length === 5) {
    const constraint = constraintKinds[state] ?? 'other'
    return new StorageError({ code: 'constraint_violated', constraint }, message, options)
  }
  if (state === SERIALIZATION_FAILURE || state === DEADLOCK_DETECTED) {
    return new StorageError({ code: 'transaction_conflict' }, message, options)
  }
  if (state === QUERY_CANCELED) return new StorageError({ code: 'statement_timeout' }, message, options)
  if (UNREACHABLE.test(state) || isSystemError(state)) return lost(error, location)
  if (!ENGINE_FAILURE.test(state)) return error
  return new StorageError({ code: 'database_failed', location, engineCode: state }, `${location}: ${message}`, options)
}

/** Why there is no connection, and what to do about it. */
export function connectFailure(cause: unknown, location: string): StorageError {
  return new StorageError(
    { code: 'database_unreachable', location },
    `The database ${location} cannot be reached: ${reasonOf(cause)}. Check that the server runs and that the URL names ` +
      'its address, user, password and database.',
    { cause },
  )
}

function lost(cause: unknown, location: string): StorageError {
  return new StorageError(
    { code: 'database_unreachable', location },
    `The connection to ${location} was lost: ${reasonOf(cause)}.`,
    { cause },
  )
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** `ECONNRESET` and its kin: Node's names for what the operating system says. */
function isSystemError(code: string): boolean {
  return /^E[A-Z]{3,}$/.test(code)
}

/** pg says these without a code. */
function isConnectionLoss(error: unknown): boolean {
  return error instanceof Error && /^Connection terminated|not queryable|timeout exceeded/.test(error.message)
}

/** Several addresses of one host fail together, in an AggregateError whose own message is empty. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ')
  return cause instanceof Error ? cause.message : String(cause)
}

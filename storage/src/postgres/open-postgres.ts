/** Adapter: a pool of `pg` connections, fitted to what Kysely expects, with the values and errors of this package. */
import { PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import type { OpenOptions } from '../database.ts'
import type { Engine } from '../engine.ts'
import { connectFailure, postgresError } from './postgres-error.ts'

const DEFAULT_STATEMENT_TIMEOUT_MS = 10_000
const DEFAULT_CONNECT_TIMEOUT_MS = 5000
const DEFAULT_MAX_CONNECTIONS = 10

/** A process that hangs inside a transaction must not hold its locks for ever. Milliseconds. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000

/** Types by their fixed object ids, `select oid from pg_type`. */
const INT8 = 20
const BYTEA = 17

/** @throws StorageError `database_unreachable` when no connection can be made. */
export async function openPostgres(url: string, location: string, options: OpenOptions): Promise<Engine> {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    connectionTimeoutMillis: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    statement_timeout: options.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    application_name: 'hansa',
    types: { getTypeParser },
  })
  // A server that goes away breaks idle and busy connections alike; whoever uses one next is told. Without listeners
  // each of these events would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))

  const close = async () => {
    if (!pool.ended) await pool.end()
  }
  try {
    const client = await pool.connect()
    client.release()
  } catch (cause) {
    await close()
    throw connectFailure(cause, location)
  }
  return { dialect: 'postgres', kysely: new PostgresDialect({ pool: fitPool(pool, location) }), close }
}

function fitPool(pool: pg.Pool, location: string): PostgresPool {
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      try {
        return fitClient(await pool.connect(), location)
      } catch (cause) {
        throw connectFailure(cause, location)
      }
    },
  }
}

function fitClient(client: pg.PoolClient, location: string): PostgresPoolClient {
  const query = async (text: unknown, parameters?: readonly unknown[]) => {
    try {
      return await client.query(text as string, parameters as unknown[])
    } catch (error) {
      throw postgresError(error, location)
    }
  }
  return { query: query as unknown as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) }
}

const getTypeParser = ((oid: number, format?: 'text' | 'binary') => {
  if (oid === INT8) return exactNumber
  if (oid === BYTEA) return bytes
  return pg.types.getTypeParser(oid, format as 'text')
}) as typeof pg.types.getTypeParser

function exactNumber(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

/** PostgreSQL's hex format, `\x` and two digits a byte. */
function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import { type Database, type Dialect, type OpenOptions, openDatabase } from '../database.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'

/**
 * Opens an empty database; the same `place` within one test is the same database. What a test leaves open is closed
 * after it.
 */
export type OpenForTest = <DB>(place?: string, options?: OpenOptions) => Promise<Database<DB>>

export type EngineUnderTest = {
  name: 'sqlite' | 'memory' | 'postgres'
  dialect: Dialect
  /** Whether a database is still there after it was closed. */
  durable: boolean
  /** Whether several can have one database open. */
  shared: boolean
  /** The URL of a place, for a process that opens it itself. */
  url(place?: string): Promise<string>
}

/**
 * The same suite on a SQLite file, in memory, and on a PostgreSQL server that is started for it. Where no PostgreSQL can
 * be had, its tests are skipped and say why.
 */
export function describeOnBoth(title: string, suite: (open: OpenForTest, engine: EngineUnderTest) => void): void {
  describe(`${title}, on a SQLite file`, () => {
    let directory = ''
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'hansa-sqlite-'))
    })
    const url = async (place = 'main') => `sqlite:${join(directory, `${place}.sqlite`)}`
    const open = opener(url, () => rmSync(directory, { recursive: true, force: true }))
    suite(open, { name: 'sqlite', dialect: 'sqlite', durable: true, shared: false, url })
  })

  describe(`${title}, in memory`, () => {
    const url = async () => 'memory:'
    suite(opener(url), { name: 'memory', dialect: 'sqlite', durable: false, shared: false, url })
  })

  describe(`${title}, on PostgreSQL`, () => {
    const places = new Map<string, Promise<string>>()
    let server: PostgresServer | undefined
    let missing = ''
    beforeAll(async () => {
      const started = await startPostgres()
      if ('unavailable' in started) missing = `no PostgreSQL: ${started.unavailable.join('; ')}`
      else server = started
      if (missing !== '') process.stderr.write(`${title}, on PostgreSQL: skipped, ${missing}\n`)
    })
    beforeEach((context) => {
      if (server === undefined) context.skip(missing)
    })
    afterAll(async () => await server?.stop())
    const url = (place = 'main') => {
      if (server === undefined) throw new Error(missing)
      const made = places.get(place) ?? server.createDatabase()
      places.set(place, made)
      return made
    }
    const open = opener(url, () => places.clear())
    suite(open, { name: 'postgres', dialect: 'postgres', durable: true, shared: true, url })
  })
}

function opener(url: (place?: string) => Promise<string>, cleanUp: () => void = () => {}): OpenForTest {
  const opened: AsyncDisposable[] = []
  afterEach(async () => {
    for (const database of opened.splice(0)) await database[Symbol.asyncDispose]()
    cleanUp()
  })
  return async <DB>(place?: string, options?: OpenOptions) => {
    const database = await openDatabase<DB>(await url(place), options)
    opened.push(database)
    return database
  }
}

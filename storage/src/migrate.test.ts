import { sql } from 'kysely'
import { expect, it } from 'vitest'
import type { Migration, PackageMigrations } from './migrate.ts'
import { describeOnBoth } from './testing/describe-on-both.ts'

type Tables = { steps: { name: string } }

const first: Migration = {
  id: '0001_steps',
  up: (db) => db.schema.createTable('steps').addColumn('name', 'text').execute(),
}

/** A migration that leaves a row behind each time it runs. */
const step = (id: string): Migration => ({
  id,
  async up(db) {
    await db.$extendTables<Tables>().insertInto('steps').values({ name: id }).execute()
  },
})

const broken = (id: string): Migration => ({
  id,
  async up(db) {
    await step(id).up(db, 'sqlite')
    await sql`insert into nowhere values (1)`.execute(db)
  },
})

const of = (...migrations: Migration[]): PackageMigrations => ({ package: 'steps', migrations })

const code = (expected: string, facts: object = {}) =>
  expect.objectContaining({ detail: expect.objectContaining({ code: expected, ...facts }) })

describeOnBoth('migrations', (open, { shared }) => {
  const rows = async (database: Awaited<ReturnType<typeof opened>>) =>
    (await database.db.selectFrom('steps').select('name').execute()).map(({ name }) => name)
  const opened = () => open<Tables>()

  it('run in order, once', async () => {
    const database = await opened()
    await database.migrate(of(first, step('0002_a')))
    await database.migrate(of(first, step('0002_a')))
    await database.migrate(of(first, step('0002_a'), step('0003_b')))
    expect(await rows(database)).toEqual(['0002_a', '0003_b'])
  })

  it('call for a backup before they change what is there, and only then', async () => {
    const database = await opened()
    const calls: string[][] = []
    const beforeChange = async () => void calls.push(await rows(database))
    await database.migrate(of(first), { beforeChange })
    await database.migrate(of(first), { beforeChange })
    expect(calls).toEqual([])
    await database.migrate(of(first, step('0002_a'), step('0003_b')), { beforeChange })
    expect([calls, await rows(database)]).toEqual([[[]], ['0002_a', '0003_b']])
  })

  it('change nothing when that backup fails', async () => {
    const database = await opened()
    await database.migrate(of(first))
    const beforeChange = () => Promise.reject(new Error('no room'))
    await expect(database.migrate(of(first, step('0002_a')), { beforeChange })).rejects.toThrow('no room')
    expect(await rows(database)).toEqual([])
  })

  it('of several packages share a database and their ids', async () => {
    const database = await opened()
    await database.migrate(of(first))
    await database.migrate({ package: 'other', migrations: [step('0001_steps')] })
    await database.migrate({ package: 'other', migrations: [step('0001_steps')] })
    expect(await rows(database)).toEqual(['0001_steps'])
  })

  it('leave nothing of one that fails, keep those before it, and go on from there', async () => {
    const database = await opened()
    const attempt = database.migrate(of(first, step('0002_a'), broken('0003_b'), step('0004_c')))
    await expect(attempt).rejects.toThrow(code('migration_failed', { package: 'steps', migration: '0003_b' }))
    await expect(attempt).rejects.toHaveProperty('cause.message', expect.stringMatching(/nowhere/))
    expect(await rows(database)).toEqual(['0002_a'])
    await database.migrate(of(first, step('0002_a'), step('0003_b'), step('0004_c')))
    expect(await rows(database)).toEqual(['0002_a', '0003_b', '0004_c'])
  })

  it('refuse a database that a later version migrated, and leave it as it is', async () => {
    const database = await opened()
    await database.migrate(of(first, step('0002_a'), step('0003_b')))
    const attempt = database.migrate(of(first))
    await expect(attempt).rejects.toThrow(code('database_newer', { unknown: ['0002_a', '0003_b'] }))
    await expect(attempt).rejects.toThrow(/Start that version or a newer one/)
    expect(await rows(database)).toEqual(['0002_a', '0003_b'])
  })

  it('refuse a database that other code migrated, and apply nothing to it', async () => {
    const database = await opened()
    await database.migrate(of(first, step('0002_a')))
    const attempt = database.migrate(of(first, step('0002_z'), step('0003_b')))
    await expect(attempt).rejects.toThrow(code('migrations_diverged', { recorded: '0002_a', expected: '0002_z' }))
    expect(await rows(database)).toEqual(['0002_a'])
  })

  it('take an id that occurs twice for a bug', async () => {
    const database = await opened()
    await expect(database.migrate(of(first, step('0001_steps')))).rejects.toThrow(/occurs twice/)
  })

  if (shared)
    it('run once when several start at the same time', async () => {
      const databases = await Promise.all([opened(), opened(), opened(), opened()])
      await Promise.all(databases.map((database) => database.migrate(of(first, step('0002_a'), step('0003_b')))))
      const [one] = databases
      expect(await rows(one)).toEqual(['0002_a', '0003_b'])
    })

  if (shared)
    it('may take longer than a statement may', async () => {
      const database = await open<Tables>('main', { statementTimeoutMs: 20 })
      const slow: Migration = { id: '0002_slow', up: async (db) => void (await sql`select pg_sleep(0.1)`.execute(db)) }
      await database.migrate(of(first, slow, step('0003_b')))
      expect(await rows(database)).toEqual(['0003_b'])
    })
})

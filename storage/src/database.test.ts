import { type Kysely, sql } from 'kysely'
import { expect, it } from 'vitest'
import type { Database } from './database.ts'
import type { PackageMigrations } from './migrate.ts'
import { describeOnBoth, type OpenForTest } from './testing/describe-on-both.ts'

type Cargo = {
  id: number
  weight: number | bigint
  seal: Uint8Array | null
  papers: string | null
  town: string | null
}
type Tables = { towns: { name: string }; cargo: Cargo }

const migrations: PackageMigrations = {
  package: 'cargo',
  migrations: [
    {
      id: '0001_cargo',
      async up(db) {
        await db.schema
          .createTable('towns')
          .addColumn('name', 'text', (column) => column.primaryKey().notNull())
          .execute()
        await db.schema
          .createTable('cargo')
          .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
          .addColumn('weight', 'bigint', (column) => column.notNull().check(sql`weight <> -13`))
          .addColumn('seal', 'bytea')
          .addColumn('papers', 'text')
          .addColumn('town', 'text', (column) => column.references('towns.name'))
          .execute()
      },
    },
  ],
}

const cargo = (id: number, over: Partial<Cargo> = {}): Cargo => ({
  id,
  weight: 1,
  seal: null,
  papers: null,
  town: null,
  ...over,
})

const code = (expected: string, facts: object = {}) =>
  expect.objectContaining({ detail: expect.objectContaining({ code: expected, ...facts }), cause: expect.anything() })

async function opened(open: OpenForTest): Promise<Database<Tables>> {
  const database = await open<Tables>()
  await database.migrate(migrations)
  return database
}

const ids = async (db: Kysely<Tables>) =>
  (await db.selectFrom('cargo').select('id').orderBy('id').execute()).map(({ id }) => id)

describeOnBoth('a database', (open, { dialect, durable, shared }) => {
  it('says which dialect it speaks', async () => {
    expect((await open()).dialect).toBe(dialect)
  })

  it.each([
    ['zero', 0],
    ['the largest exact number', Number.MAX_SAFE_INTEGER],
    ['the smallest exact number', Number.MIN_SAFE_INTEGER],
    ['the first integer that a number would round', 2n ** 53n],
    ['the largest integer of 64 bits', 2n ** 63n - 1n],
    ['the smallest integer of 64 bits', -(2n ** 63n)],
  ])('gives back %s as it was written', async (_what, weight) => {
    const { db } = await opened(open)
    await db.insertInto('cargo').values(cargo(1, { weight })).execute()
    expect((await db.selectFrom('cargo').select('weight').executeTakeFirstOrThrow()).weight).toBe(weight)
  })

  it.each([
    ['every byte value', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
    ['no bytes', new Uint8Array()],
    ['no value', null],
  ])('gives back %s as it was written', async (_what, seal) => {
    const { db } = await opened(open)
    await db.insertInto('cargo').values(cargo(1, { seal })).execute()
    const row = await db.selectFrom('cargo').select('seal').executeTakeFirstOrThrow()
    expect(row.seal === null ? null : [...row.seal]).toEqual(seal === null ? null : [...seal])
    expect(Object.getPrototypeOf(row.seal ?? new Uint8Array())).toBe(Uint8Array.prototype)
  })

  it('gives back JSON text to the character', async () => {
    const { db } = await opened(open)
    const papers = JSON.stringify({ b: 1, a: 'é漢😀\u0000\ud800', deep: [[1e21, -0.5, null, true]] })
    await db.insertInto('cargo').values(cargo(1, { papers })).execute()
    expect((await db.selectFrom('cargo').select('papers').executeTakeFirstOrThrow()).papers).toBe(papers)
  })

  it('counts in numbers', async () => {
    const { db } = await opened(open)
    await db
      .insertInto('cargo')
      .values([cargo(1), cargo(2)])
      .execute()
    const { n } = await db
      .selectFrom('cargo')
      .select((of) => of.fn.countAll().as('n'))
      .executeTakeFirstOrThrow()
    expect(n).toBe(2)
  })

  it('says how many rows a statement changed, and returns what it is asked for', async () => {
    const { db } = await opened(open)
    expect(
      await db
        .insertInto('cargo')
        .values([cargo(1), cargo(2)])
        .returning('id')
        .execute(),
    ).toEqual([{ id: 1 }, { id: 2 }])
    expect((await db.updateTable('cargo').set({ weight: 5 }).executeTakeFirstOrThrow()).numUpdatedRows).toBe(2n)
    const removed = await db.deleteFrom('cargo').where('id', '>', 7).executeTakeFirstOrThrow()
    expect(removed.numDeletedRows).toBe(0n)
  })

  it.each([
    ['unique', cargo(1)],
    ['not_null', { ...cargo(2), weight: null as unknown as number }],
    ['check', cargo(2, { weight: -13 })],
    ['foreign_key', cargo(2, { town: 'Vineta' })],
  ])('refuses a row that breaks a %s rule, and does nothing', async (constraint, row) => {
    const { db } = await opened(open)
    await db.insertInto('cargo').values(cargo(1)).execute()
    const attempt = db
      .insertInto('cargo')
      .values([cargo(9), row])
      .execute()
    await expect(attempt).rejects.toThrow(code('constraint_violated', { constraint }))
    expect(await ids(db)).toEqual([1])
  })

  it('leaves a mistake in SQL what it is', async () => {
    const { db } = await open()
    const attempt = sql`selekt 1`.execute(db)
    await expect(attempt).rejects.toThrow(/syntax error/)
    await expect(attempt).rejects.not.toHaveProperty('name', 'StorageError')
  })

  it('keeps all of a transaction that returns', async () => {
    const { db } = await opened(open)
    await db.transaction().execute(async (transaction) => {
      await transaction.insertInto('cargo').values(cargo(1)).execute()
      await transaction.insertInto('cargo').values(cargo(2)).execute()
    })
    expect(await ids(db)).toEqual([1, 2])
  })

  it('keeps nothing of a transaction that throws, and throws what it threw', async () => {
    const { db } = await opened(open)
    const storm = new Error('storm')
    const attempt = db.transaction().execute(async (transaction) => {
      await transaction.insertInto('cargo').values(cargo(1)).execute()
      throw storm
    })
    await expect(attempt).rejects.toBe(storm)
    expect(await ids(db)).toEqual([])
    await db.insertInto('cargo').values(cargo(3)).execute()
    expect(await ids(db)).toEqual([3])
  })

  it('keeps nothing of a transaction in which a statement failed', async () => {
    const { db } = await opened(open)
    const attempt = db.transaction().execute(async (transaction) => {
      await transaction.insertInto('cargo').values(cargo(1)).execute()
      await transaction.insertInto('cargo').values(cargo(1)).execute()
    })
    await expect(attempt).rejects.toThrow(code('constraint_violated'))
    expect(await ids(db)).toEqual([])
  })

  it('shows a transaction to nobody before it is kept', async () => {
    const { db } = await opened(open)
    const readers: Promise<number[]>[] = []
    await db.transaction().execute(async (transaction) => {
      await transaction.insertInto('cargo').values(cargo(1)).execute()
      // On SQLite a reader waits for its turn; on PostgreSQL it sees what was there before.
      const reader = ids(db)
      readers.push(reader)
      if (dialect === 'postgres') await reader
      await transaction.insertInto('cargo').values(cargo(2)).execute()
    })
    expect(await Promise.all(readers)).toEqual(dialect === 'postgres' ? [[]] : [[1, 2]])
    expect(await ids(db)).toEqual([1, 2])
  })

  it('loses no update when transactions run at once', async () => {
    const { db } = await opened(open)
    await db
      .insertInto('cargo')
      .values(cargo(1, { weight: 0 }))
      .execute()
    const add = () =>
      db.transaction().execute(async (transaction) => {
        const lock = dialect === 'postgres' ? sql` for update` : sql``
        const { rows } = await sql<{ weight: number }>`select weight from cargo where id = 1${lock}`.execute(
          transaction,
        )
        await transaction
          .updateTable('cargo')
          .set({ weight: (rows[0]?.weight ?? 0) + 1 })
          .execute()
      })
    await Promise.all(Array.from({ length: 20 }, add))
    expect((await db.selectFrom('cargo').select('weight').executeTakeFirstOrThrow()).weight).toBe(20)
  })

  if (durable)
    it('keeps everything when it is closed and opened again', async () => {
      const before = await opened(open)
      await before.db
        .insertInto('cargo')
        .values(cargo(7, { weight: 2n ** 60n, seal: Uint8Array.of(0, 255) }))
        .execute()
      await before.close()
      const after = await opened(open)
      expect(await after.db.selectFrom('cargo').select(['id', 'weight', 'town']).execute()).toEqual([
        { id: 7, weight: 2n ** 60n, town: null },
      ])
    })

  if (!durable)
    it('forgets everything when it is closed', async () => {
      const before = await opened(open)
      await before.db.insertInto('cargo').values(cargo(7)).execute()
      await before.close()
      expect(await ids((await opened(open)).db)).toEqual([])
    })

  if (shared)
    it('is open to several at once', async () => {
      const [one, other] = [await opened(open), await opened(open)]
      await one.db.insertInto('cargo').values(cargo(1)).execute()
      expect(await ids(other.db)).toEqual([1])
    })

  if (shared)
    it('ends a statement that takes longer than it may', async () => {
      const { db } = await open('main', { statementTimeoutMs: 20 })
      await expect(sql`select pg_sleep(30)`.execute(db)).rejects.toThrow(code('statement_timeout'))
    })

  if (shared)
    it('says that the connection is gone, and makes a new one', async () => {
      const victim = await open('main', { maxConnections: 1 })
      const other = await open()
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(victim.db)
      const attempt = victim.db.transaction().execute(async (transaction) => {
        await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(other.db)
        await sql`select 1`.execute(transaction)
      })
      await expect(attempt).rejects.toThrow(code('database_unreachable'))
      expect((await sql`select 1 as one`.execute(victim.db)).rows).toEqual([{ one: 1 }])
    })

  if (shared)
    it('says that one of two deadlocked transactions can run again', async () => {
      const { db } = await opened(open)
      await db
        .insertInto('cargo')
        .values([cargo(1), cargo(2)])
        .execute()
      const { promise: bothHold, resolve } = Promise.withResolvers<void>()
      let holding = 0
      const take = (first: number, second: number) =>
        db.transaction().execute(async (transaction) => {
          await transaction.updateTable('cargo').set({ weight: first }).where('id', '=', first).execute()
          holding += 1
          if (holding === 2) resolve()
          await bothHold
          await transaction.updateTable('cargo').set({ weight: first }).where('id', '=', second).execute()
        })
      const outcomes = await Promise.allSettled([take(1, 2), take(2, 1)])
      const lost = outcomes.filter(({ status }) => status === 'rejected')
      expect(lost).toEqual([{ status: 'rejected', reason: code('transaction_conflict') }])
    })

  it('can be closed twice, and before it was used', async () => {
    const database = await open()
    await database.close()
    await database.close()
    await expect(sql`select 1`.execute(database.db)).rejects.toThrow()
  })
})

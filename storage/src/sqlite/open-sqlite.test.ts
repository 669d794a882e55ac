import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Database, type OpenOptions, openDatabase } from '../database.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hansa-sqlite-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const NO_WAIT: OpenOptions = { lockWaitMs: 0 }
const open = <DB>(name = 'x.sqlite'): Promise<Database<DB>> =>
  openDatabase<DB>(`sqlite:${join(directory, name)}`, NO_WAIT)
const code = (expected: string, message: RegExp = /./) =>
  expect.objectContaining({
    detail: { code: expected, location: expect.stringContaining(directory) },
    message: expect.stringMatching(message),
    cause: expect.any(Error),
  })

/** Another process that holds the database and writes to it. */
async function writer(): Promise<{ child: ChildProcess; acknowledged: number[]; until(count: number): Promise<void> }> {
  const program = join(import.meta.dirname, '..', 'testing', 'insert-until-killed.ts')
  const child = spawn(process.execPath, [program, `sqlite:${join(directory, 'x.sqlite')}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const acknowledged: number[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => acknowledged.push(Number(line)))
  const until = async (count: number) => {
    while (acknowledged.length < count) await once(lines, 'line')
  }
  await until(1)
  return { child, acknowledged, until }
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'close')
}

describe('a SQLite file', () => {
  it('is written through to the disk at each commit', async () => {
    await using database = await open()
    expect((await sql`pragma journal_mode`.execute(database.db)).rows).toEqual([{ journal_mode: 'wal' }])
    // 2 is FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
    expect((await sql`pragma synchronous`.execute(database.db)).rows).toEqual([{ synchronous: 2 }])
  })

  it('answers the same question after the tables have changed, and after many others', async () => {
    await using database = await open<{ t: { a: number; b?: number } }>()
    const { db } = database
    await sql`create table t (a integer)`.execute(db)
    const all = () => db.selectFrom('t').selectAll().execute()
    await db.insertInto('t').values({ a: 1 }).execute()
    expect(await all()).toEqual([{ a: 1 }])
    await sql`alter table t add column b integer default 2`.execute(db)
    expect(await all()).toEqual([{ a: 1, b: 2 }])
    for (let n = 0; n < 600; n++) await sql`select ${sql.lit(n)}`.execute(db)
    expect(await all()).toEqual([{ a: 1, b: 2 }])
    await sql`drop table t`.execute(db)
    await expect(all()).rejects.toThrow()
  })

  it('answers the same question after its rows were read one by one, and not all of them', async () => {
    await using database = await open<{ t: { a: number } }>()
    const { db } = database
    await sql`create table t (a integer)`.execute(db)
    const rows = [1, 2, 3].map((a) => ({ a }))
    await db.insertInto('t').values(rows).execute()
    const question = db.selectFrom('t').selectAll()
    for await (const row of question.stream()) {
      expect(row).toEqual({ a: 1 })
      break
    }
    await db.insertInto('t').values({ a: 4 }).execute()
    expect(await question.execute()).toEqual([...rows, { a: 4 }])
    const read: unknown[] = []
    for await (const row of question.stream()) read.push(row)
    expect(read).toEqual([...rows, { a: 4 }])
  })

  it('is for its owner only, and so is its log', async () => {
    await using database = await open()
    await sql`create table t (a)`.execute(database.db)
    for (const name of ['x.sqlite', 'x.sqlite-wal']) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
  })

  it('cannot be opened twice by one process, under whatever name', async () => {
    await using held = await open()
    symlinkSync(join(directory, 'x.sqlite'), join(directory, 'link'))
    await expect(open()).rejects.toThrow(code('database_locked', /Stop the other one, or name another file/))
    await expect(open('link')).rejects.toThrow(code('database_locked'))
    await sql`create table t (a)`.execute(held.db)
  })

  it('stays locked after a second open failed', async () => {
    await using held = await open()
    await expect(open()).rejects.toThrow(code('database_locked'))
    await expect(open()).rejects.toThrow(code('database_locked'))
    expect((await sql`select 1 as one`.execute(held.db)).rows).toEqual([{ one: 1 }])
  })

  it('can be opened again once it is closed', async () => {
    await (await open()).close()
    await using again = await open()
    expect(again.dialect).toBe('sqlite')
  })

  it('cannot be opened while another process has it', async () => {
    const { child } = await writer()
    await expect(open()).rejects.toThrow(code('database_locked'))
    await kill(child)
  })

  it('loses no acknowledged row when the process that writes it is killed, again and again', async () => {
    const acknowledged: number[] = []
    for (const rows of [30, 60, 90]) {
      const process = await writer()
      await process.until(rows)
      await kill(process.child)
      acknowledged.push(...process.acknowledged)
    }
    await using database = await open<{ rows: { id: number } }>()
    const kept = (await database.db.selectFrom('rows').select('id').orderBy('id').execute()).map(({ id }) => id)
    expect(kept).toEqual(kept.map((_, index) => index + 1))
    expect(acknowledged.length).toBeGreaterThanOrEqual(180)
    expect(acknowledged.filter((id) => !kept.includes(id))).toEqual([])
    expect((await sql`pragma integrity_check`.execute(database.db)).rows).toEqual([{ integrity_check: 'ok' }])
  })

  it('streams rows without reading all of them', async () => {
    await using database = await open<{ rows: { id: number } }>()
    await database.db.schema.createTable('rows').addColumn('id', 'integer').execute()
    await database.db
      .insertInto('rows')
      .values([{ id: 1 }, { id: 2 }, { id: 3 }])
      .execute()
    const seen: number[] = []
    for await (const { id } of database.db.selectFrom('rows').select('id').orderBy('id').stream()) {
      seen.push(id)
      if (id === 2) break
    }
    expect(seen).toEqual([1, 2])
    await database.db.insertInto('rows').values({ id: 4 }).execute()
  })
})

describe('what cannot be a SQLite file', () => {
  it('is one in a directory that does not exist', async () => {
    await expect(open('missing/x.sqlite')).rejects.toThrow(code('database_unreachable', /directory must exist/))
  })

  it('is a directory', async () => {
    mkdirSync(join(directory, 'x.sqlite'))
    await expect(open()).rejects.toThrow(code('database_unreachable'))
  })

  it('is a file of another kind, which stays as it is', async () => {
    const text = 'Dear Sirs, herewith our invoice. '.repeat(200)
    writeFileSync(join(directory, 'x.sqlite'), text)
    await expect(open()).rejects.toThrow(code('database_unreachable', /something else/))
    expect(statSync(join(directory, 'x.sqlite')).size).toBe(text.length)
  })

  it.skipIf(process.getuid?.() === 0)(
    'is one in a directory that this account cannot write (root can write everywhere)',
    async () => {
      chmodSync(directory, 0o500)
      await expect(open()).rejects.toThrow(code('database_unreachable', /able to write there/))
    },
  )
})

describe('what the engine reports later', () => {
  it('names the reason when the file is full', async () => {
    await using database = await open<{ rows: { text: string } }>()
    await database.db.schema.createTable('rows').addColumn('text', 'text').execute()
    await sql`pragma max_page_count = 4`.execute(database.db)
    const attempt = database.db
      .insertInto('rows')
      .values({ text: 'x'.repeat(100_000) })
      .execute()
    await expect(attempt).rejects.toHaveProperty('detail', {
      code: 'database_failed',
      location: join(directory, 'x.sqlite'),
      engineCode: 'SQLITE_FULL',
    })
    await database.db.insertInto('rows').values({ text: 'small' }).execute()
  })
})

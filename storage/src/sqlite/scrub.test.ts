import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Database, openDatabase } from '../database.ts'

type Tables = {
  secrets: { name: string; other: string; secret: Uint8Array }
  slots: { slot: number; secret: Uint8Array }
}

let directory: string
let database: Database<Tables>

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-scrub-'))
  database = await openDatabase<Tables>(`sqlite:${join(directory, 'state.db')}`)
  await sql`create table secrets (name text primary key, other text, secret blob)`.execute(database.db)
  await sql`create table slots (slot integer primary key, secret blob)`.execute(database.db)
})

afterEach(async () => {
  await database.close()
  await rm(directory, { recursive: true })
})

/** Random, and the same in every run. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state
  }
}

const next = numbers(7)
const secret = () => Buffer.from(Uint32Array.from({ length: 15 }, next).buffer)

/** How many of these are in some file of the directory. */
async function found(secrets: Iterable<Buffer>): Promise<number> {
  const files = await Promise.all((await readdir(directory)).map((name) => readFile(join(directory, name))))
  const wanted = new Map([...secrets].map((bytes) => [bytes.readUInt32LE(), bytes]))
  const seen = new Set<number>()
  for (const file of files) {
    for (let at = 0; at + 12 <= file.length; at++) {
      const start = file.readUInt32LE(at)
      const bytes = wanted.get(start)
      if (bytes?.subarray(0, 12).equals(file.subarray(at, at + 12)) === true) seen.add(start)
    }
  }
  return seen.size
}

const ROUNDS = 40
const ROWS = 50

it('leaves nothing of deleted rows, however they were inserted and moved', async () => {
  const [kept, deleted] = [new Map<string, Buffer>(), [] as Buffer[]]
  for (let round = 0; round < ROUNDS; round++) {
    await database.db.transaction().execute(async (within) => {
      for (let row = 0; row < ROWS; row++) {
        const [name, bytes] = [next().toString(36) + next().toString(36), secret()]
        await within
          .insertInto('secrets')
          .values({ name, other: 'x'.repeat(next() % 300), secret: bytes })
          .execute()
        kept.set(name, bytes)
      }
      for (const name of [...kept.keys()].filter(() => next() % 3 === 0)) {
        await within.deleteFrom('secrets').where('name', '=', name).execute()
        deleted.push(kept.get(name) ?? Buffer.alloc(0))
        kept.delete(name)
      }
    })
  }
  // Before, the log of changes still holds what was deleted last.
  expect(await found(deleted)).toBeGreaterThan(0)
  await database.scrub('deleted')
  expect(await found(kept.values())).toBe(kept.size)
  expect(await found(deleted)).toBe(0)
})

it('leaves nothing of values that were overwritten in place, without writing the file anew', async () => {
  const [kept, gone] = [new Map<number, Buffer>(), [] as Buffer[]]
  let last = 0
  for (let round = 0; round < ROUNDS; round++) {
    await database.db.transaction().execute(async (within) => {
      for (let row = 0; row < ROWS; row++) {
        last += 1
        kept.set(last, secret())
        await within
          .insertInto('slots')
          .values({ slot: last, secret: kept.get(last) as Buffer })
          .execute()
      }
      for (const slot of [...kept.keys()].filter(() => next() % 3 === 0)) {
        const bytes = next() % 2 === 0 ? Buffer.alloc(60) : secret()
        await within.updateTable('slots').set({ secret: bytes }).where('slot', '=', slot).execute()
        gone.push(kept.get(slot) ?? Buffer.alloc(0))
        if (bytes.every((byte) => byte === 0)) kept.delete(slot)
        else kept.set(slot, bytes)
      }
    })
  }
  expect(await found(gone)).toBeGreaterThan(0)
  await database.scrub('overwritten')
  expect(await found(kept.values())).toBe(kept.size)
  expect(gone.length).toBeGreaterThan(1_000)
  expect(await found(gone)).toBe(0)
})

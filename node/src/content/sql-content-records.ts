/**
 * Records of kept content in `state.db`. A wrapped key has a slot in a table of its own, in which rows are only added at
 * the end and values are only overwritten by others of the same size: SQLite then never copies one to another place, and
 * an erased key is in no page any more. Of rows that are deleted, copies stay behind when pages are rearranged.
 */
import type { StoreChange } from '@hansa/protocols'
import { applyStoreChanges, type Database, type PackageMigrations } from '@hansa/storage'
import { type ContentKind, WRAPPED_KEY_BYTES } from '@hansa/trust'
import type { ExpressionBuilder, Kysely, Transaction } from 'kysely'
import { slices } from '../slices.ts'
import type { ContentFilter, ContentRecord, ContentRecords } from './content-records.ts'

type Row = {
  hash: string
  origin: string
  call_id: string
  kind: string
  commitment: string
  principal: string
  peer: string
  capability: string
  t_ms: number
  bytes: number
  slot: number
}
type ContentTables = {
  content_records: Row
  content_keys: { slot: number; wrapped_key: Uint8Array }
  content_free_slots: { slot: number }
}

/** Rows of one statement: what SQLite takes as parameters is bounded. */
const ROWS_AT_ONCE = 256

export const contentMigrations: PackageMigrations = {
  package: '@hansa/node',
  migrations: [
    {
      id: '0001_content_records',
      async up(db) {
        await db.schema
          .createTable('content_records')
          .addColumn('hash', 'text', (column) => column.primaryKey().notNull())
          .addColumn('origin', 'text', (column) => column.notNull())
          .addColumn('call_id', 'text', (column) => column.notNull())
          .addColumn('kind', 'text', (column) => column.notNull())
          .addColumn('commitment', 'text', (column) => column.notNull())
          .addColumn('principal', 'text', (column) => column.notNull())
          .addColumn('peer', 'text', (column) => column.notNull())
          .addColumn('capability', 'text', (column) => column.notNull())
          .addColumn('t_ms', 'bigint', (column) => column.notNull())
          .addColumn('bytes', 'bigint', (column) => column.notNull())
          .addColumn('slot', 'integer', (column) => column.notNull())
          .execute()
        await db.schema
          .createTable('content_keys')
          .addColumn('slot', 'integer', (column) => column.primaryKey().notNull())
          .addColumn('wrapped_key', 'bytea', (column) => column.notNull())
          .execute()
        await db.schema
          .createTable('content_free_slots')
          .addColumn('slot', 'integer', (column) => column.primaryKey().notNull())
          .execute()
        for (const column of ['call_id', 'principal', 'peer', 't_ms'] as const) {
          await db.schema
            .createIndex(`content_records_by_${column}`)
            .on('content_records')
            .columns(column === 't_ms' ? [column] : [column, 't_ms'])
            .execute()
        }
      },
    },
  ],
}

/** @param database migrated with `contentMigrations` and `storeMigrations` */
export function sqlContentRecords<DB>(database: Database<DB>): ContentRecords {
  const db = database.db as unknown as Kysely<ContentTables>
  return {
    async add(records) {
      await db.transaction().execute(async (within) => {
        for (const some of slices(records, ROWS_AT_ONCE)) {
          const slots = await putKeys(
            within,
            some.map(({ wrappedKey }) => wrappedKey),
          )
          const rows = some.map((record, at) => rowOf(record, slots[at] ?? 0))
          await within.insertInto('content_records').values(rows).execute()
        }
      })
    },
    async get(hash) {
      const row = await db
        .selectFrom('content_records')
        .innerJoin('content_keys', 'content_keys.slot', 'content_records.slot')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst()
      return row && recordOf(row)
    },
    async select(filter, limit) {
      const rows = await db
        .selectFrom('content_records')
        .select(['hash', 'call_id', 'bytes'])
        .where(matches(filter))
        .orderBy('t_ms')
        .limit(limit)
        .execute()
      return rows.map(({ hash, call_id: callId, bytes }) => ({ hash, callId, bytes }))
    },
    async size(filter) {
      const found = await db
        .selectFrom('content_records')
        .select(({ fn }) => [
          fn.countAll<number>().as('records'),
          fn.count<number>('call_id').distinct().as('calls'),
          fn.sum<number | null>('bytes').as('bytes'),
        ])
        .where(matches(filter))
        .executeTakeFirstOrThrow()
      return { records: Number(found.records), calls: Number(found.calls), bytes: Number(found.bytes ?? 0) }
    },
    async newestMs() {
      const found = await db
        .selectFrom('content_records')
        .select(({ fn }) => fn.max<number | null>('t_ms').as('t_ms'))
        .executeTakeFirst()
      return found?.t_ms ?? undefined
    },
    async since(tMs) {
      const rows = await db
        .selectFrom('content_records')
        .select(['hash', 'call_id', 'bytes', 'kind'])
        .where('t_ms', '>=', tMs)
        .orderBy('t_ms')
        .execute()
      return rows.map(({ hash, call_id: callId, bytes, kind }) => ({ hash, callId, bytes, kind: kind as ContentKind }))
    },
    async remove(hashes, together: readonly StoreChange[]) {
      return await db.transaction().execute(async (within) => {
        let bytes = 0
        for (const some of slices(hashes, ROWS_AT_ONCE)) {
          bytes += await eraseKeys(within, some)
          await within.deleteFrom('content_records').where('hash', 'in', some).execute()
        }
        await applyStoreChanges(within, together)
        return bytes
      })
    },
    scrub: () => database.scrub('overwritten'),
    rewrite: () => database.scrub('deleted'),
  }
}

/** @returns whether there was any. */
export async function removeAllContent<DB>(database: Database<DB>): Promise<boolean> {
  const db = database.db as unknown as Kysely<ContentTables>
  return db.transaction().execute(async (within) => {
    const keys = await within.deleteFrom('content_keys').executeTakeFirst()
    await within.deleteFrom('content_records').execute()
    await within.deleteFrom('content_free_slots').execute()
    return keys.numDeletedRows > 0n
  })
}

function matches({ callId, principal, peer, beforeMs }: ContentFilter) {
  return ({ and, eb }: ExpressionBuilder<ContentTables, 'content_records'>) =>
    and([
      ...(callId === undefined ? [] : [eb('call_id', '=', callId)]),
      ...(principal === undefined ? [] : [eb('principal', '=', principal)]),
      ...(peer === undefined ? [] : [eb('peer', '=', peer)]),
      ...(beforeMs === undefined ? [] : [eb('t_ms', '<', beforeMs)]),
    ])
}

const ERASED = new Uint8Array(WRAPPED_KEY_BYTES)

/** Into slots that are free, and behind the last one. @returns the slots, in the order of the keys */
async function putKeys(within: Transaction<ContentTables>, keys: readonly Uint8Array[]): Promise<number[]> {
  if (keys.some(({ length }) => length !== WRAPPED_KEY_BYTES))
    throw new RangeError('a wrapped key of another size would be moved')
  const free = await within.selectFrom('content_free_slots').select('slot').limit(keys.length).execute()
  const slots = free.map(({ slot }) => slot)
  if (slots.length > 0) await within.deleteFrom('content_free_slots').where('slot', 'in', slots).execute()
  for (const [at, slot] of slots.entries()) {
    const wrapped_key = keys[at] ?? ERASED
    await within.updateTable('content_keys').set({ wrapped_key }).where('slot', '=', slot).execute()
  }
  const rest = keys.slice(slots.length)
  if (rest.length === 0) return slots
  const last = await within
    .selectFrom('content_keys')
    .select(({ fn }) => fn.max<number | null>('slot').as('slot'))
    .executeTakeFirst()
  const next = (last?.slot ?? 0) + 1
  const rows = rest.map((wrapped_key, at) => ({ slot: next + at, wrapped_key }))
  await within.insertInto('content_keys').values(rows).execute()
  return [...slots, ...rows.map(({ slot }) => slot)]
}

async function eraseKeys(within: Transaction<ContentTables>, hashes: readonly string[]): Promise<number> {
  const rows = await within
    .selectFrom('content_records')
    .select(['slot', 'bytes'])
    .where('hash', 'in', hashes)
    .execute()
  for (const { slot } of rows) {
    await within.updateTable('content_keys').set({ wrapped_key: ERASED }).where('slot', '=', slot).execute()
    await within.insertInto('content_free_slots').values({ slot }).execute()
  }
  return rows.reduce((sum, { bytes }) => sum + bytes, 0)
}

function rowOf({ callId, tMs, wrappedKey: _key, ...rest }: ContentRecord, slot: number): Row {
  return { ...rest, call_id: callId, t_ms: tMs, slot }
}

type Joined = Row & { wrapped_key: Uint8Array }

function recordOf({ call_id: callId, t_ms: tMs, wrapped_key: wrappedKey, kind, slot: _slot, ...rest }: Joined) {
  return { ...rest, callId, tMs, wrappedKey, kind: kind as ContentKind } satisfies ContentRecord
}

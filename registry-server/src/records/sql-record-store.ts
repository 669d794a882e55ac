import type { Did, UnixSeconds } from '@hansa/protocols'
import type { Database, PackageMigrations } from '@hansa/storage'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { ListingPage, ListingQuery } from '../search/query.ts'
import type { Change, Decision, Equivocation, KnownKernel, RecordStore } from './record-store.ts'

type RecordRow = {
  did: string
  seq: number
  hash: string
  /** 0 or 1. */
  withdrawn: number
  manifest: string | null
  manifest_bytes: number
  manifest_exp: number
  expires: number
  renewed: number
  keep_until: number
}

export type RecordTables = {
  records: RecordRow
  record_terms: { kind: string; term: string; did: string }
  equivocations: {
    did: string
    seq: number
    hash: string
    manifest: string
    first_hash: string
    first_manifest: string | null
  }
}

/** Longest page, bytes of manifests: a reader can hold it, and so can this process for many readers at once. */
const MAX_PAGE_BYTES = 1_048_576

export const recordMigrations: PackageMigrations = {
  package: '@hansa/registry-server',
  migrations: [
    {
      id: '0001_records',
      async up(db, dialect) {
        // Pages go on after a DID, so both engines must sort alike: by bytes.
        const did = dialect === 'postgres' ? sql`text collate "C"` : sql`text`
        await db.schema
          .createTable('records')
          .addColumn('did', did, (column) => column.primaryKey().notNull())
          .addColumn('seq', 'bigint', (column) => column.notNull())
          .addColumn('hash', 'text', (column) => column.notNull())
          .addColumn('withdrawn', 'integer', (column) => column.notNull())
          .addColumn('manifest', 'text')
          .addColumn('manifest_bytes', 'integer', (column) => column.notNull())
          .addColumn('manifest_exp', 'bigint', (column) => column.notNull())
          .addColumn('expires', 'bigint', (column) => column.notNull())
          .addColumn('renewed', 'bigint', (column) => column.notNull())
          .addColumn('keep_until', 'bigint', (column) => column.notNull())
          .execute()
        await db.schema
          .createTable('record_terms')
          .addColumn('kind', 'text', (column) => column.notNull())
          .addColumn('term', 'text', (column) => column.notNull())
          .addColumn('did', did, (column) => column.notNull().references('records.did').onDelete('cascade'))
          .addPrimaryKeyConstraint('record_terms_pkey', ['kind', 'term', 'did'])
          .execute()
        await db.schema.createIndex('record_terms_did').on('record_terms').column('did').execute()
        await db.schema
          .createTable('equivocations')
          .addColumn('did', did, (column) =>
            column.primaryKey().notNull().references('records.did').onDelete('cascade'),
          )
          .addColumn('seq', 'bigint', (column) => column.notNull())
          .addColumn('hash', 'text', (column) => column.notNull())
          .addColumn('manifest', 'text', (column) => column.notNull())
          .addColumn('first_hash', 'text', (column) => column.notNull())
          .addColumn('first_manifest', 'text')
          .execute()
      },
    },
  ],
}

/** Records in a database that the caller has migrated with `recordMigrations`, and closes. */
export function sqlRecordStore({ db, dialect }: Database<RecordTables>): RecordStore {
  return {
    change: (did, decide) =>
      db.transaction().execute(async (transaction) => {
        if (dialect === 'postgres') {
          // A record that does not exist cannot be locked, so its name is.
          await sql`select pg_advisory_xact_lock(hashtextextended(${did}, 0))`.execute(transaction)
        }
        return await changeRecord(transaction, did, decide)
      }),
    get: async (did, now) => {
      const row = await listed(db, now).select(['manifest', 'expires']).where('did', '=', did).executeTakeFirst()
      return row?.manifest == null ? undefined : { manifest: row.manifest, expires: row.expires }
    },
    page: (query, now) => readPage(db, query, now),
    countListed: async (now) => {
      const row = await listed(db, now).select(count).executeTakeFirstOrThrow()
      return row.count
    },
    equivocation: (did) => readEquivocation(db, did),
    sweep: (now) => db.transaction().execute((transaction) => sweep(transaction, now)),
  }
}

const count = sql<number>`count(*)`.as('count')

function listed(db: Kysely<RecordTables>, now: UnixSeconds) {
  return db.selectFrom('records').where('manifest', 'is not', null).where('expires', '>', now)
}

async function changeRecord<A>(
  db: Transaction<RecordTables>,
  did: Did,
  decide: (known: KnownKernel | undefined, kernels: number) => Decision<A>,
): Promise<A> {
  const known = await readKnown(db, did)
  const kernels = known === undefined ? (await db.selectFrom('records').select(count).executeTakeFirst())?.count : 0
  const { answer, change } = decide(known, kernels ?? 0)
  if (change !== undefined) await store(db, did, change)
  return answer
}

async function readKnown(db: Kysely<RecordTables>, did: Did): Promise<KnownKernel | undefined> {
  const row = await db
    .selectFrom('records')
    .select(['seq', 'hash', 'withdrawn', 'manifest_exp', 'expires', 'renewed'])
    .select(sql<number>`case when manifest is null then 0 else 1 end`.as('listed'))
    .where('did', '=', did)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const known = { seq: row.seq, hash: row.hash, withdrawn: row.withdrawn === 1 }
  if (row.listed === 0) return known
  return { ...known, listing: { manifestExp: row.manifest_exp, expires: row.expires, renewed: row.renewed } }
}

async function store(db: Transaction<RecordTables>, did: Did, change: Change): Promise<void> {
  switch (change.kind) {
    case 'list':
      return await storeListing(db, did, change)
    case 'renew':
      await db
        .updateTable('records')
        .set({ expires: change.expires, renewed: change.renewed })
        .where('did', '=', did)
        .execute()
      return
    case 'withdraw':
      await endListing(db, did)
      await db
        .updateTable('records')
        .set({ seq: change.seq, hash: change.hash, withdrawn: 1, keep_until: change.keepUntil })
        .where('did', '=', did)
        .execute()
      return
    case 'convict':
      return await storeEquivocation(db, did, change)
  }
}

async function storeListing(db: Transaction<RecordTables>, did: Did, change: Change & { kind: 'list' }): Promise<void> {
  const { seq, hash, manifest, manifestExp, expires, keepUntil, terms } = change
  const values = {
    seq,
    hash,
    withdrawn: 0,
    manifest,
    manifest_bytes: manifest.length,
    manifest_exp: manifestExp,
    expires,
    renewed: 0,
    keep_until: keepUntil,
  }
  await db
    .insertInto('records')
    .values({ did, ...values })
    .onConflict((conflict) => conflict.column('did').doUpdateSet(values))
    .execute()
  await db.deleteFrom('record_terms').where('did', '=', did).execute()
  // In portions: an engine takes a limited number of parameters in one statement.
  for (let from = 0; from < terms.length; from += 500) {
    const rows = terms.slice(from, from + 500).map((term) => ({ ...term, did }))
    await db.insertInto('record_terms').values(rows).execute()
  }
}

async function storeEquivocation(
  db: Transaction<RecordTables>,
  did: Did,
  { seq, hash, manifest, keepUntil }: Change & { kind: 'convict' },
): Promise<void> {
  await db
    .insertInto('equivocations')
    .columns(['did', 'seq', 'hash', 'manifest', 'first_hash', 'first_manifest'])
    .expression((of) =>
      of
        .selectFrom('records')
        .select(['did', 'seq', sql.val(hash).as('hash'), sql.val(manifest).as('manifest')])
        .select(['hash as first_hash', 'manifest as first_manifest'])
        .where('did', '=', did)
        .where('seq', '=', seq),
    )
    .onConflict((conflict) => conflict.column('did').doNothing())
    .execute()
  await db.updateTable('records').set({ keep_until: keepUntil }).where('did', '=', did).execute()
}

async function readEquivocation(db: Kysely<RecordTables>, did: Did): Promise<Equivocation | undefined> {
  const row = await db.selectFrom('equivocations').selectAll().where('did', '=', did).executeTakeFirst()
  if (row === undefined) return undefined
  const { seq, hash, manifest, first_hash: firstHash } = row
  return { seq, hash, manifest, firstHash, ...(row.first_manifest !== null && { firstManifest: row.first_manifest }) }
}

async function readPage(db: Kysely<RecordTables>, query: ListingQuery, now: UnixSeconds): Promise<ListingPage> {
  let found = listed(db, now)
  if (query.after !== undefined) found = found.where('did', '>', query.after)
  for (const kind of ['capability', 'tag'] as const) {
    const term = query[kind]
    if (term === undefined) continue
    found = found.where('did', 'in', (of) =>
      of.selectFrom('record_terms').select('record_terms.did').where('kind', '=', kind).where('term', '=', term),
    )
  }
  const sizes = await found
    .select(['did', 'manifest_bytes'])
    .orderBy('did')
    .limit(query.limit + 1)
    .execute()
  const dids = sizes.slice(0, pageLength(sizes, query.limit)).map(({ did }) => did)
  if (dids.length === 0) return { listings: [] }

  const rows = await db
    .selectFrom('records')
    .select(['manifest', 'expires'])
    .where('did', 'in', dids)
    .where('manifest', 'is not', null)
    .orderBy('did')
    .execute()
  const listings = rows.map(({ manifest, expires }) => ({ manifest: manifest ?? '', expires }))
  const last = dids.at(-1)
  return { listings, ...(last !== undefined && dids.length < sizes.length && { next: last as Did }) }
}

/** How many listings fit on a page: at least one. */
function pageLength(sizes: readonly { manifest_bytes: number }[], limit: number): number {
  let bytes = 0
  let length = 0
  for (const { manifest_bytes } of sizes.slice(0, limit)) {
    bytes += manifest_bytes
    if (length > 0 && bytes > MAX_PAGE_BYTES) break
    length += 1
  }
  return length
}

async function endListing(db: Transaction<RecordTables>, did: Did): Promise<void> {
  await db.updateTable('records').set({ manifest: null, manifest_bytes: 0 }).where('did', '=', did).execute()
  await db.deleteFrom('record_terms').where('did', '=', did).execute()
}

async function sweep(db: Transaction<RecordTables>, now: UnixSeconds): Promise<{ ended: number; forgotten: number }> {
  const ended = await db
    .updateTable('records')
    .set({ manifest: null, manifest_bytes: 0 })
    .where('manifest', 'is not', null)
    .where('expires', '<=', now)
    .executeTakeFirstOrThrow()
  await db
    .deleteFrom('record_terms')
    .where('did', 'in', (of) => of.selectFrom('records').select('records.did').where('manifest', 'is', null))
    .execute()
  const forgotten = await db.deleteFrom('records').where('keep_until', '<=', now).executeTakeFirstOrThrow()
  return { ended: Number(ended.numUpdatedRows), forgotten: Number(forgotten.numDeletedRows) }
}

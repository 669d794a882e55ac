import type { Did, Liveness, UnixSeconds } from '@hansa/protocols'
import type { Database, Dialect } from '@hansa/storage'
import { type Kysely, sql, type Transaction } from 'kysely'
import { appendEntry } from '../log/append-entry.ts'
import type { LogTables } from '../log/log-tables.ts'
import type { ListingPage, ListingQuery } from '../search/query.ts'
import type {
  Change,
  ChangeEntry,
  Decided,
  Decision,
  Equivocation,
  KernelRecord,
  KnownKernel,
  RecordStore,
} from './record-store.ts'

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
  state: Liveness
  since: number
  entry_index: number | null
  source: string
}

export type RecordTables = LogTables & {
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

/**
 * Records in a database that the caller has migrated with `recordMigrations`, and closes.
 * @param appended called when the log has an entry more; not for a heartbeat, which leaves it as it is.
 */
export function sqlRecordStore({ db, dialect }: Database<RecordTables>, appended: () => void = () => {}): RecordStore {
  return {
    change: async (did, decide) => {
      const { decided, news } = await db.transaction().execute(async (transaction) => {
        if (dialect === 'postgres') {
          // A record that does not exist cannot be locked, so its name is.
          await sql`select pg_advisory_xact_lock(hashtextextended(${did}, 0))`.execute(transaction)
        }
        return await changeRecord(transaction, dialect, did, decide)
      })
      if (news) appended()
      return decided
    },
    get: async (did, now) => {
      const row = await listed(db, now).select(['manifest', 'expires']).where('did', '=', did).executeTakeFirst()
      return row?.manifest == null ? undefined : { manifest: row.manifest, expires: row.expires }
    },
    page: (query, now) => readPage(db, query, now),
    countListed: async (now) => {
      const row = await listed(db, now).select(count).executeTakeFirstOrThrow()
      return row.count
    },
    manifest: async (did, hash) => {
      const row = await db
        .selectFrom('records')
        .select('manifest')
        .where('did', '=', did)
        .where('hash', '=', hash)
        .executeTakeFirst()
      return row?.manifest ?? undefined
    },
    find: (did) => findRecord(db, did),
    equivocation: (did) => readEquivocation(db, did),
    overdue: async (now, { deadAfterSeconds }, limit) => {
      const rows = await db
        .selectFrom('records')
        .select('did')
        .where((of) =>
          of.or([
            of.and([of('state', '=', 'alive'), of('expires', '<=', now)]),
            of.and([of('state', '=', 'unreachable'), of('expires', '<=', now - deadAfterSeconds)]),
            of.and([of('state', 'in', ['alive', 'unreachable']), of('manifest_exp', '<=', now)]),
          ]),
        )
        .orderBy('did')
        .limit(limit)
        .execute()
      return rows.map(({ did }) => did as Did)
    },
    forget: async (now) => {
      const gone = await db
        .deleteFrom('records')
        .where('keep_until', '<=', now)
        .where('state', 'in', ['dead', 'withdrawn'])
        .executeTakeFirstOrThrow()
      return Number(gone.numDeletedRows)
    },
  }
}

const count = sql<number>`count(*)`.as('count')

function listed(db: Kysely<RecordTables>, now: UnixSeconds) {
  return db.selectFrom('records').where('manifest', 'is not', null).where('expires', '>', now)
}

async function findRecord(db: Kysely<RecordTables>, did: Did): Promise<KernelRecord | undefined> {
  const row = await db
    .selectFrom('records')
    .leftJoin('equivocations', 'equivocations.did', 'records.did')
    .select(['records.seq', 'records.hash', 'withdrawn', 'expires', 'manifest_exp', 'state', 'since', 'entry_index'])
    .select('equivocations.did as convicted')
    .where('records.did', '=', did)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { seq, hash, expires, state, since } = row
  return {
    ...{ seq, hash, expires, state, since, manifestExp: row.manifest_exp },
    withdrawn: row.withdrawn === 1,
    equivocated: row.convicted !== null,
    ...(row.entry_index !== null && { index: row.entry_index }),
  }
}

async function changeRecord<A>(
  db: Transaction<RecordTables>,
  dialect: Dialect,
  did: Did,
  decide: (known: KnownKernel | undefined, kernels: number) => Decision<A>,
): Promise<{ decided: Decided<A>; news: boolean }> {
  const { known, index } = await readKnown(db, did)
  const kernels = known === undefined ? (await db.selectFrom('records').select(count).executeTakeFirst())?.count : 0
  const { answer, change } = decide(known, kernels ?? 0)
  if (change !== undefined) await store(db, did, change)
  const entry = change?.entry
  const last = entry === undefined ? index : await appendChange(db, dialect, did, entry)
  return { decided: { answer, ...(last !== undefined && { index: last }) }, news: entry !== undefined }
}

async function appendChange(
  db: Transaction<RecordTables>,
  dialect: Dialect,
  did: Did,
  { event, at, statement }: ChangeEntry,
): Promise<number> {
  const record = db.selectFrom('records').select(['seq', 'hash']).where('did', '=', did)
  const { seq, hash } = await record.executeTakeFirstOrThrow()
  const draft = { event, kernel_id: did, seq, hash, at, ...(statement !== undefined && { statement }) }
  // Kysely does not see that these tables hold those of the log.
  const index = await appendEntry(db as unknown as Transaction<LogTables>, dialect, draft)
  const state = event === 'listed' || event === 'renewed' ? 'alive' : event
  await db.updateTable('records').set({ state, since: at, entry_index: index }).where('did', '=', did).execute()
  return index
}

async function readKnown(
  db: Kysely<RecordTables>,
  did: Did,
): Promise<{ known: KnownKernel | undefined; index?: number }> {
  const row = await db
    .selectFrom('records')
    .select(['seq', 'hash', 'withdrawn', 'manifest_exp', 'expires', 'renewed', 'state', 'source', 'entry_index'])
    .select(sql<number>`case when manifest is null then 0 else 1 end`.as('listed'))
    .where('did', '=', did)
    .executeTakeFirst()
  if (row === undefined) return { known: undefined }
  const { seq, hash, state, source } = row
  const known = { seq, hash, state, source, withdrawn: row.withdrawn === 1 }
  const last = row.entry_index === null ? {} : { index: row.entry_index }
  if (row.listed === 0) return { known, ...last }
  const listing = { manifestExp: row.manifest_exp, expires: row.expires, renewed: row.renewed }
  return { known: { ...known, listing }, ...last }
}

async function store(db: Transaction<RecordTables>, did: Did, change: Change): Promise<void> {
  switch (change.kind) {
    case 'list':
      return await storeListing(db, did, change)
    case 'renew':
      await db
        .updateTable('records')
        .set({ source: change.source, expires: change.expires, renewed: change.renewed })
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
    case 'observe':
      if (change.state === 'dead') await endListing(db, did)
      if (change.expires !== undefined)
        await db.updateTable('records').set({ expires: change.expires }).where('did', '=', did).execute()
      return
    case 'convict':
      return await storeEquivocation(db, did, change)
  }
}

async function storeListing(db: Transaction<RecordTables>, did: Did, change: Change & { kind: 'list' }): Promise<void> {
  const { seq, hash, manifest, manifestExp, expires, keepUntil, terms, source } = change
  const values = {
    source,
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
    .values({ did, ...values, state: 'alive', since: 0, entry_index: null })
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

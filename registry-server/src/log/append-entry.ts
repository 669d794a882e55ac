/**
 * Appends to the log inside the transaction that makes the change, so that no change is without its entry and no entry
 * without its change. The row of the head is locked until the commit: whichever replica is first, positions have no gap,
 * and the tree of whoever comes next begins with this one.
 */
import type { RegistryEntry } from '@hansa/protocols'
import type { Dialect } from '@hansa/storage'
import { canonicalJson, decodeBase64url, encodeBase64url, leafHash } from '@hansa/trust'
import { Frontier, storedCount } from '@hansa/trust/ledger'
import type { Transaction } from 'kysely'
import type { LogTables } from './log-tables.ts'

export type EntryDraft = Omit<RegistryEntry, 'v' | 'index'> & { /** Compact JWS. */ statement?: string }

/** @returns its index. */
export async function appendEntry(
  db: Transaction<LogTables>,
  dialect: Dialect,
  { statement, ...draft }: EntryDraft,
): Promise<number> {
  const head = db.selectFrom('log_head').select(['size', 'peaks']).where('id', '=', 1)
  const { size, peaks } = await (dialect === 'postgres' ? head.forUpdate() : head).executeTakeFirstOrThrow()
  const frontier = Frontier.of(size, readPeaks(peaks))
  if (frontier === undefined) throw new Error('the head of the log does not fit its size')
  const text = canonicalJson({ v: 1, index: size, ...draft })
  const first = storedCount(size)
  const hashes: { at: number; hash: Uint8Array }[] = []
  frontier.append(leafHash(Buffer.from(text)), (hash) => hashes.push({ at: first + hashes.length, hash }))
  const { kernel_id: did, event, hash } = draft
  await db
    .insertInto('log_entries')
    .values({ position: size, did, event, hash, entry: text, statement: statement ?? null })
    .execute()
  await db.insertInto('log_hashes').values(hashes).execute()
  await db
    .updateTable('log_head')
    .set({ size: size + 1, peaks: JSON.stringify(frontier.peaks().map(encodeBase64url)) })
    .where('id', '=', 1)
    .execute()
  return size
}

export function readPeaks(text: string): Uint8Array[] {
  return (JSON.parse(text) as string[]).map((peak) => {
    const hash = decodeBase64url(peak)
    if (hash === undefined) throw new Error('the head of the log holds what is no hash')
    return hash
  })
}

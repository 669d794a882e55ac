import type { ReadHash } from '@hansa/trust/ledger'
import type { Kysely } from 'kysely'
import type { LogTables } from './log-tables.ts'

/** Hashes in one query: an engine takes a limited number of parameters. */
const MAX_AT_ONCE = 500

type Wanted = { at: number; resolve(hash: Uint8Array): void; reject(error: unknown): void }

/** Hashes that are asked for in one turn, as those of a proof are, are read together. */
export function sqlHashReader(db: Kysely<LogTables>): ReadHash {
  let wanted: Wanted[] = []
  const flush = () => {
    const all = wanted
    wanted = []
    for (let from = 0; from < all.length; from += MAX_AT_ONCE) void read(db, all.slice(from, from + MAX_AT_ONCE))
  }
  return (at) => {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    if (wanted.length === 0) queueMicrotask(flush)
    wanted.push({ at, resolve, reject })
    return promise
  }
}

async function read(db: Kysely<LogTables>, wanted: readonly Wanted[]): Promise<void> {
  try {
    const numbers = [...new Set(wanted.map(({ at }) => at))]
    const rows = await db.selectFrom('log_hashes').select(['at', 'hash']).where('at', 'in', numbers).execute()
    const found = new Map(rows.map(({ at, hash }) => [at, hash]))
    for (const { at, resolve, reject } of wanted) {
      const hash = found.get(at)
      if (hash === undefined) reject(new RangeError(`hash ${at} is not stored`))
      else resolve(hash)
    }
  } catch (error) {
    for (const { reject } of wanted) reject(error)
  }
}

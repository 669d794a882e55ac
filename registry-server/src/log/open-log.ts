/** The key of the log and the log that it belongs to: a database is continued by its own key only. */
import { access } from 'node:fs/promises'
import { type Database, parseLocation } from '@hansa/storage'
import { createSecretFile, newSeed, readSecretFile, signerFromSeed } from '@hansa/trust'
import { type NoteKey, noteKey } from '@hansa/trust/ledger'
import type { Kysely } from 'kysely'
import type { LogTables } from './log-tables.ts'

export type LogKeyInit = {
  /** Database URL, beside which the key of a SQLite file lies. */
  database: string
  /** Path of the key. @default beside a SQLite file; none for PostgreSQL, whose replicas need the same one */
  keyFile?: string
  /** Name of the log. @default made of the key */
  origin?: string
}

/** @throws Error with one sentence that says what to do; KeyFileError. */
export async function logKey({ database, keyFile, origin }: LogKeyInit): Promise<NoteKey> {
  const location = parseLocation(database)
  const path = keyFile ?? (location.kind === 'sqlite' ? `${location.path}.log-key` : undefined)
  if (path === undefined && location.kind === 'postgres')
    throw new Error(
      'The log of a PostgreSQL database needs the key that all replicas sign it with: give --log-key FILE.',
    )
  const seed = path === undefined ? newSeed() : await seedOf(path)
  return noteKey(origin ?? `hansa-registry/${fingerprint(seed)}`, seed)
}

async function seedOf(path: string): Promise<Uint8Array> {
  const exists = await access(path).then(
    () => true,
    () => false,
  )
  return exists ? await readSecretFile(path, 'log-ed25519') : await createSecretFile(path, 'log-ed25519')
}

function fingerprint(seed: Uint8Array): string {
  return Buffer.from(signerFromSeed(seed).publicKey).toString('hex', 0, 8)
}

/** Begins the log of a database that has none. @throws Error when another key began it. */
export async function openLog<DB>(database: Database<DB>, { name, vkey }: NoteKey): Promise<void> {
  const db = database.db as unknown as Kysely<LogTables>
  await db
    .insertInto('log_head')
    .values({ id: 1, origin: name, vkey, size: 0, peaks: '[]' })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  const head = await db.selectFrom('log_head').select(['origin', 'vkey']).where('id', '=', 1).executeTakeFirstOrThrow()
  if (head.vkey !== vkey)
    throw new Error(
      `The log in this database is ${head.origin}, signed by ${head.vkey}. Start with its key (--log-key) and its name (--log-origin).`,
    )
}

import type { Dialect as KyselyDialect } from 'kysely'
import type { Dialect } from './database.ts'

/** What an adapter gives to `openDatabase`. */
export type Engine = {
  dialect: Dialect
  kysely: KyselyDialect
  /** Called once, after Kysely has let go: Kysely closes nothing when no query ever ran. */
  close(): Promise<void>
}

/** Adapter: takes what a copy of the state holds of kept content out of it, for a backup that is made without. */
import { openDatabase } from '@hansa/storage'
import { contentMigrations, removeAllContent } from '../content/sql-content-records.ts'

/** @param path of a copy that nobody else has open */
export async function withoutContent(path: string): Promise<void> {
  await using database = await openDatabase(`sqlite:${path}`)
  await database.migrate(contentMigrations)
  if (await removeAllContent(database)) await database.scrub('deleted')
}

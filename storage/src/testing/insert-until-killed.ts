/**
 * A process of a test: inserts one row after the other into the SQLite database that it is given and says each id once
 * the insert has returned. It never ends by itself.
 */
import { openDatabase } from '../database.ts'

const [url = ''] = process.argv.slice(2)
const { db } = await openDatabase<{ rows: { id: number } }>(url)
await db.schema.createTable('rows').ifNotExists().addColumn('id', 'integer').execute()
const last = await db
  .selectFrom('rows')
  .select((of) => of.fn.max('id').as('id'))
  .executeTakeFirst()
for (let id = (last?.id ?? 0) + 1; ; id += 1) {
  await db.insertInto('rows').values({ id }).execute()
  process.stdout.write(`${id}\n`)
}

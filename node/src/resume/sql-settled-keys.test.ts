import { describeOnBoth } from '@hansa/storage/testing'
import { describeSettledKeys } from '../testing/describe-settled-keys.ts'
import { settledKeyMigrations, sqlSettledKeys } from './sql-settled-keys.ts'

describeOnBoth('settled keys', (open) => {
  describeSettledKeys('in a table', async () => {
    const database = await open()
    await database.migrate(settledKeyMigrations)
    return sqlSettledKeys(database)
  })
})

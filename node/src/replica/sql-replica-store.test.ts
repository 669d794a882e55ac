import { describeReplicaStore } from '@hansa/mesh/testing'
import { describeOnBoth } from '@hansa/storage/testing'
import { replicaMigrations, sqlReplicaStore } from './sql-replica-store.ts'

describeOnBoth('the replica in a database', (open) => {
  describeReplicaStore('in a table', async () => {
    const database = await open()
    await database.migrate(replicaMigrations)
    return sqlReplicaStore(database)
  })
})

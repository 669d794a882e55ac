import { memoryStore } from '@hansa/protocols'
import { expect, it } from 'vitest'
import { sqlStore, storeMigrations } from './sql-store.ts'
import { describeOnBoth } from './testing/describe-on-both.ts'
import { describeStore } from './testing/describe-store.ts'

describeStore('in memory', async () => memoryStore())

describeOnBoth('a store in a database', (open, { durable }) => {
  const make = async () => {
    const database = await open()
    await database.migrate(storeMigrations)
    return sqlStore(database)
  }
  describeStore('in a table', make)

  it('applies nothing of several changes when one of them fails', async () => {
    const store = await make()
    const impossible = null as unknown as string
    const changes = [
      { namespace: 'agents', key: 'a', value: '1' },
      { namespace: impossible, key: 'b', value: '2' },
    ]
    await expect(store.apply(changes)).rejects.toThrow()
    expect(await store.list('agents')).toEqual([])
  })

  if (durable)
    it('keeps what was set when the database is closed and opened again', async () => {
      {
        await using database = await open()
        await database.migrate(storeMigrations)
        await sqlStore(database).set('pins', 'alice', '{"seq":7}')
      }
      await using database = await open()
      await database.migrate(storeMigrations)
      expect(await sqlStore(database).get('pins', 'alice')).toBe('{"seq":7}')
    })
})

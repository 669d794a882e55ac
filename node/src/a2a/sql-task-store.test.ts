import type { A2aTask, A2aTaskState } from '@hansa/protocols'
import type { Database } from '@hansa/storage'
import { describeOnBoth } from '@hansa/storage/testing'
import { expect, it } from 'vitest'
import { MAX_PUSHES_OF_OWNER, type PushLine } from './push-store.ts'
import { sqlTaskStore } from './sql-task-store.ts'
import { taskMigrations } from './task-migrations.ts'
import { MAX_TASK_CHARS_OF_OWNER, MAX_TASKS_OF_OWNER, type StoredTask } from './task-store.ts'

const scopeOf = (owner: string, tenant = '') => JSON.stringify([owner, 'agent:x', tenant])

function taskOf(owner: string, id: string, state: A2aTaskState = 'TASK_STATE_WORKING', chars = 0): StoredTask {
  const task: A2aTask = { id, contextId: 'c', status: { state, timestamp: '2026-11-21T00:00:00.000Z' } }
  return { owner, task, call: { capability: 'desk.ask', args: 'x'.repeat(chars) }, updatedMs: 1_000 }
}

const event = (n: number) => ({
  statusUpdate: { taskId: 't', contextId: String(n), status: taskOf('a', 't').task.status },
})
const line = (owner: string, taskId = 't', configId = 'w'): PushLine => ({
  ...{ owner, scope: scopeOf(owner), taskId, configId },
})

describeOnBoth('tasks in a database', (open, { durable }) => {
  async function opened(place?: string) {
    const database: Database<unknown> = await open(place)
    await database.migrate(taskMigrations)
    return { database, store: sqlTaskStore(database) }
  }
  type Store = Awaited<ReturnType<typeof opened>>['store']

  const begin = (store: Store, stored: StoredTask, scope = scopeOf(stored.owner), idleSinceMs = 0) =>
    store.take(scope, stored, { id: `m ${stored.task.id}`, digest: 'd' }, idleSinceMs)

  /** A task with a webhook. */
  async function watched(store: Store, owner: string, id = 't') {
    await begin(store, taskOf(owner, id))
    await store.putPushConfig(scopeOf(owner), id, { id: 'w', taskId: id, url: 'https://hooks.example/a' })
  }

  it('hold what waits for a webhook beside the task, in its order, and with one id at each attempt', async () => {
    const { store } = await opened()
    await watched(store, 'ann')
    const kept = await store.update(scopeOf('ann'), taskOf('ann', 't'), [event(1), event(2)])
    expect(kept).toEqual({ pushed: [line('ann')], lost: 0 })
    await store.update(scopeOf('ann'), taskOf('ann', 't'), [event(3)])
    const first = await store.nextPush(line('ann'))
    expect(first).toMatchObject({
      attempts: 0,
      config: { url: 'https://hooks.example/a' },
      body: JSON.stringify(event(1)),
    })
    await store.pushFailed(first?.id ?? '')
    expect(await store.nextPush(line('ann'))).toEqual({ ...first, attempts: 1 })
    await store.pushDone(first?.id ?? '')
    expect(JSON.parse((await store.nextPush(line('ann')))?.body ?? '')).toEqual(event(2))
  })

  it.runIf(durable)('hold it when they are opened again', async () => {
    const before = await opened('kept')
    await watched(before.store, 'ann')
    await before.store.update(scopeOf('ann'), taskOf('ann', 't'), [event(1)])
    const waiting = await before.store.nextPush(line('ann'))
    await before.database.close()
    const { store } = await opened('kept')
    expect(await store.pushLines()).toEqual([line('ann')])
    expect(await store.nextPush(line('ann'))).toEqual(waiting)
  })

  it('forget it with the webhook, and with the task', async () => {
    const { store } = await opened()
    for (const id of ['t', 'u']) {
      await watched(store, 'ann', id)
      await store.update(scopeOf('ann'), taskOf('ann', id), [event(1)])
    }
    await store.removePushConfig(scopeOf('ann'), 't', 'w')
    expect(await store.pushLines()).toEqual([line('ann', 'u')])
    await store.remove(scopeOf('ann'), 'u')
    expect(await store.pushLines()).toEqual([])
    expect(await store.nextPush(line('ann', 'u'))).toBeUndefined()
  })

  it('hold so much of it for mallory, under whatever tenants, and room for others', async () => {
    const { store } = await opened()
    const scopes = [scopeOf('mallory'), scopeOf('mallory', 'another')]
    for (const scope of scopes) {
      await begin(store, taskOf('mallory', 't'), scope)
      await store.putPushConfig(scope, 't', { id: 'w', taskId: 't', url: 'https://mallory.example' })
    }
    const many = Array.from({ length: MAX_PUSHES_OF_OWNER }, (_, n) => event(n))
    expect((await store.update(scopes[0] ?? '', taskOf('mallory', 't'), many)).lost).toBe(0)
    expect(await store.update(scopes[1] ?? '', taskOf('mallory', 't'), [event(0)])).toEqual({ pushed: [], lost: 1 })
    await watched(store, 'ann')
    expect((await store.update(scopeOf('ann'), taskOf('ann', 't'), [event(1)])).lost).toBe(0)
  })

  it('refuse mallory one more when those that have not ended fill her room, and nobody else', async () => {
    const { store } = await opened()
    const half = MAX_TASK_CHARS_OF_OWNER / 2
    const waits = (owner: string, id: string, chars: number) =>
      begin(store, taskOf(owner, id, 'TASK_STATE_INPUT_REQUIRED', chars), scopeOf(owner, id))
    expect(await waits('mallory', '1', half)).toEqual({ kept: true })
    expect(await waits('mallory', '2', half)).toEqual({ kept: false, full: 'bytes' })
    expect(await waits('mallory', '3', 10)).toEqual({ kept: true })
    expect(await waits('ann', '1', half)).toEqual({ kept: true })
    // What goes on may not grow over it either.
    expect(await waits('mallory', '3', half)).toEqual({ kept: false, before: { taskId: '3', digest: 'd' } })
    const grown = taskOf('mallory', '3', 'TASK_STATE_WORKING', half)
    expect(await store.take(scopeOf('mallory', '3'), grown, { id: 'more', digest: 'd' }, 0)).toEqual({
      ...{ kept: false, full: 'bytes' },
    })
  })

  it('forget the ended ones of whoever needs the room, the oldest first', async () => {
    const { store } = await opened()
    const half = MAX_TASK_CHARS_OF_OWNER / 2
    const old = { ...taskOf('ann', 'old', 'TASK_STATE_COMPLETED', half), updatedMs: 1 }
    await begin(store, old)
    await begin(store, taskOf('ann', 'new', 'TASK_STATE_COMPLETED', 10))
    await begin(store, { ...taskOf('bob', 'older', 'TASK_STATE_COMPLETED'), updatedMs: 0 })
    expect(await begin(store, taskOf('ann', 'next', 'TASK_STATE_WORKING', half))).toEqual({ kept: true })
    const left = async (owner: string, id: string) => (await store.load(scopeOf(owner), id)) !== undefined
    expect([await left('ann', 'old'), await left('ann', 'new'), await left('bob', 'older')]).toEqual([
      false,
      true,
      true,
    ])
  })

  it('forget what ended, and what waits and nobody has answered, when it is long ago', async () => {
    const { store } = await opened()
    const states = ['TASK_STATE_COMPLETED', 'TASK_STATE_AUTH_REQUIRED', 'TASK_STATE_WORKING'] as const
    for (const state of states) await begin(store, taskOf('ann', state, state))
    const answered = taskOf('ann', 'TASK_STATE_AUTH_REQUIRED', 'TASK_STATE_WORKING')
    await store.take(scopeOf('ann'), answered, { id: 'answer', digest: 'd' }, 1_001)
    const left = await Promise.all(states.map((id) => store.load(scopeOf('ann'), id)))
    expect(left.map((one) => one?.task.id)).toEqual([undefined, 'TASK_STATE_AUTH_REQUIRED', 'TASK_STATE_WORKING'])
  })

  it('of before know whose they are', async () => {
    const database: Database<unknown> = await open('old')
    const [first] = taskMigrations.migrations
    if (first === undefined) throw new TypeError('there are no migrations')
    await database.migrate({ ...taskMigrations, migrations: [first] })
    const { task, call } = taskOf('', 't', 'TASK_STATE_INPUT_REQUIRED')
    const row = {
      ...{ scope: scopeOf('mallory'), id: 't', context_id: 'c', state: task.status.state, ended: 0, updated_ms: 1 },
      ...{ bytes: MAX_TASK_CHARS_OF_OWNER, task: JSON.stringify(task), call: JSON.stringify(call) },
    }
    await (
      database.db as never as { insertInto(name: string): { values(of: object): { execute(): Promise<unknown> } } }
    )
      .insertInto('a2a_tasks')
      .values(row)
      .execute()
    await database.migrate(taskMigrations)
    const store = sqlTaskStore(database)
    expect((await store.load(scopeOf('mallory'), 't'))?.owner).toBe('mallory')
    expect(await begin(store, taskOf('mallory', 'u'))).toEqual({ kept: false, full: 'bytes' })
  })

  it('are counted as they come, grow and go', async () => {
    const { database, store } = await opened()
    const tables = database.db as never as {
      selectFrom(name: string): { selectAll(): { execute(): Promise<Record<string, unknown>[]> } }
    }
    const totals = async () => {
      const rows = await tables.selectFrom('a2a_task_totals').selectAll().execute()
      return Object.fromEntries(rows.map(({ owner, tasks, bytes }) => [owner, [Number(tasks), Number(bytes)]]))
    }
    const bytesOf = ({ task, call }: StoredTask) => JSON.stringify(task).length + JSON.stringify(call).length
    const [small, grown, other] = [
      taskOf('ann', 't'),
      taskOf('ann', 't', 'TASK_STATE_COMPLETED', 500),
      taskOf('bob', 'u'),
    ]
    await begin(store, small)
    await begin(store, other)
    const both = bytesOf(small) + bytesOf(other)
    expect(await totals()).toEqual({ '': [2, both], ann: [1, bytesOf(small)], bob: [1, bytesOf(other)] })
    await store.update(scopeOf('ann'), grown, [])
    await store.remove(scopeOf('bob'), 'u')
    expect(await totals()).toEqual({ '': [1, bytesOf(grown)], ann: [1, bytesOf(grown)] })
    await store.remove(scopeOf('ann'), 't')
    await store.remove(scopeOf('ann'), 't')
    expect(await totals()).toEqual({ '': [0, 0] })
  })

  it('of one owner are so many', async () => {
    const database: Database<unknown> = await open('many')
    await database.migrate({ ...taskMigrations, migrations: taskMigrations.migrations.slice(0, 4) })
    const tables = database.db as never as {
      insertInto(name: string): { values(of: object): { execute(): Promise<unknown> } }
    }
    const rows = Array.from({ length: MAX_TASKS_OF_OWNER }, (_, n) => ({
      ...{ owner: 'mallory', scope: scopeOf('mallory', String(n)), id: 't', context_id: 'c', ended: 0, updated_ms: 1 },
      ...{ state: 'TASK_STATE_INPUT_REQUIRED', bytes: 1, task: '{}', call: '{}' },
    }))
    await tables.insertInto('a2a_tasks').values(rows).execute()
    await database.migrate(taskMigrations)
    const store = sqlTaskStore(database)
    expect(await begin(store, taskOf('mallory', 'u'))).toEqual({ kept: false, full: 'tasks' })
    expect(await begin(store, taskOf('ann', 'u'))).toEqual({ kept: true })
  })
})

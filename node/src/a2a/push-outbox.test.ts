import type { Fetched } from '@hansa/mesh'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { type Database, openDatabase } from '@hansa/storage'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PUSH_RETRY_MS, PushOutbox } from './push-outbox.ts'
import { sqlTaskStore } from './sql-task-store.ts'
import { taskMigrations } from './task-migrations.ts'
import type { StoredTask } from './task-store.ts'

const scope = JSON.stringify(['ann', 'agent:ann', ''])
const status = { state: 'TASK_STATE_WORKING', timestamp: '2026-11-21T00:00:00.000Z' } as const
const stored: StoredTask = {
  ...{ owner: 'ann', updatedMs: 1, call: { capability: 'desk.ask', args: {} } },
  task: { id: 't', contextId: 'c', status },
}
const event = (n: number) => ({ statusUpdate: { taskId: 't', contextId: String(n), status } })
const answered = (code: number): Fetched => ({ ok: true, status: code, contentType: '', body: new Uint8Array() })

let clock: ManualClock
let database: Database<unknown>
let store: ReturnType<typeof sqlTaskStore>
/** Requests, with the number of the event in each. */
let posted: { url: string; id: string | undefined; n: number }[]
let lines: string[]
let answer: (signal: AbortSignal | undefined) => Promise<Fetched> | Fetched
let outboxes: AsyncDisposableStack

beforeEach(async () => {
  clock = manualClock()
  outboxes = new AsyncDisposableStack()
  database = outboxes.use(await openDatabase('memory:'))
  await database.migrate(taskMigrations)
  store = sqlTaskStore(database)
  posted = []
  lines = []
  answer = () => answered(200)
  await store.take(scope, stored, { id: 'm', digest: 'd' }, 0)
  await hook('https://hooks.example/a')
})
afterEach(() => outboxes.disposeAsync())

const hook = (url: string) => store.putPushConfig(scope, 't', { id: 'w', taskId: 't', url })
const said = (...numbers: number[]) => store.update(scope, stored, numbers.map(event))
const told = () => posted.map(({ n }) => n)
const until = (count: number) => expect.poll(() => posted.length).toBe(count)

function open(): PushOutbox {
  const note = (event: string, _fields?: object) => void lines.push(event)
  const outbox = new PushOutbox({
    store,
    clock,
    logger: { debug: note, info: note, warn: note, error: note },
    fetch: {
      async post(url, { bytes, headers }, { signal }) {
        const body = JSON.parse(Buffer.from(bytes).toString()) as ReturnType<typeof event>
        posted.push({ url, id: headers?.['webhook-id'], n: Number(body.statusUpdate.contextId) })
        return answer(signal)
      },
    },
  })
  return outboxes.use(outbox)
}

/** Moves on when an attempt has failed and the next one waits for its time. */
async function afterPause(ms: number): Promise<void> {
  await expect.poll(() => clock.waiting).toBe(1)
  clock.advance(ms)
}

describe(PushOutbox, () => {
  it('delivers events in their order, each under an id of its own, and then there is nothing more', async () => {
    open().wake((await said(1, 2)).pushed)
    await until(2)
    expect(told()).toEqual([1, 2])
    expect(new Set(posted.map(({ id }) => id)).size).toBe(2)
    await expect.poll(() => store.pushLines()).toEqual([])
  })

  it('tries again under the same id, and gives up after the last attempt', async () => {
    answer = () => answered(500)
    open().wake((await said(1)).pushed)
    for (const ms of PUSH_RETRY_MS) await afterPause(ms)
    await until(PUSH_RETRY_MS.length + 1)
    expect(new Set(posted.map(({ id }) => id)).size).toBe(1)
    await expect.poll(() => store.pushLines()).toEqual([])
    expect(lines).toEqual(['a2a.push_given_up'])
  })

  it('goes on after a restart with what a stop has cut off, under the same id, and with the attempts that are left', async () => {
    answer = (signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('cut off'))))
    const first = open()
    first.wake((await said(1, 2)).pushed)
    await until(1)
    await first[Symbol.asyncDispose]()
    answer = () => answered(500)
    const second = open()
    await second.resume()
    await until(2)
    await expect.poll(() => clock.waiting).toBe(1)
    await second[Symbol.asyncDispose]()
    await open().resume()
    for (const ms of PUSH_RETRY_MS.slice(1)) await afterPause(ms)
    await until(6)
    expect(told()).toEqual([1, 1, 1, 1, 1, 2])
    expect(new Set(posted.map(({ id }) => id)).size).toBe(2)
  })

  it('waits for a webhook that fails without holding up the others of its owner, or of anybody', async () => {
    const failing = 20
    answer = () => answered(500)
    const outbox = open()
    const tell = async (owner: string, id: string) => {
      const task = { ...stored, owner, task: { ...stored.task, id } }
      const place = JSON.stringify([owner, `agent:${owner}`, ''])
      await store.take(place, task, { id, digest: 'd' }, 0)
      await store.putPushConfig(place, id, { id: 'w', taskId: id, url: `https://${owner}.example/${id}` })
      outbox.wake((await store.update(place, task, [event(1)])).pushed)
    }
    for (let n = 0; n < failing; n++) await tell(n % 2 === 0 ? 'ann' : `owner-${n}`, `dead-${n}`)
    await until(failing)
    answer = () => answered(200)
    await tell('ann', 'alive')
    await tell('bob', 'alive')
    await until(failing + 2)
    expect(posted.slice(failing).map(({ url }) => url)).toEqual([
      'https://ann.example/alive',
      'https://bob.example/alive',
    ])
    await expect.poll(() => clock.waiting).toBe(failing)
    clock.advance(1_000)
    await until(2 * failing + 2)
    await expect.poll(() => store.pushLines()).toEqual([])
  })

  it('posts to where the webhook is by then, and to nobody when it was taken away', async () => {
    answer = () => answered(500)
    const outbox = open()
    outbox.wake((await said(1)).pushed)
    await expect.poll(() => clock.waiting).toBe(1)
    await hook('https://hooks.example/b')
    await afterPause(1_000)
    await until(2)
    expect(posted.map(({ url }) => url)).toEqual(['https://hooks.example/a', 'https://hooks.example/b'])
    await expect.poll(() => clock.waiting).toBe(1)
    await store.removePushConfig(scope, 't', 'w')
    clock.advance(60_000)
    await hook('https://hooks.example/c')
    outbox.wake((await said(2)).pushed)
    await until(3)
    expect(posted.at(-1)).toMatchObject({ url: 'https://hooks.example/c', n: 2 })
  })

  it('says once that there is no room, until there is some', async () => {
    const outbox = open()
    outbox.lost(1)
    outbox.lost(1)
    outbox.wake((await said(1)).pushed)
    outbox.lost(1)
    expect(lines).toEqual(['a2a.push_full', 'a2a.push_full'])
    await until(1)
  })

  it('whose store fails says so, and takes nothing down', async () => {
    const { pushed } = await said(1)
    const outbox = open()
    await database.close()
    outbox.wake(pushed)
    await expect.poll(() => lines).toEqual(['a2a.push_failed'])
  })
})

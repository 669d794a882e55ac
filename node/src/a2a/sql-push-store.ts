/** Events that wait for webhooks, in a table of `state.db`. */
import { type A2aEvent, a2aPushConfigSchema } from '@hansa/protocols'
import { randomId } from '@hansa/trust'
import { sql } from 'kysely'
import {
  MAX_PUSH_BYTES,
  MAX_PUSH_BYTES_OF_OWNER,
  MAX_PUSHES,
  MAX_PUSHES_OF_OWNER,
  type PushLine,
  type PushStore,
} from './push-store.ts'
import type { TaskDb } from './task-migrations.ts'

export function sqlPushStore(db: TaskDb): PushStore {
  return {
    async pushLines() {
      const rows = await db
        .selectFrom('a2a_pushes')
        .select(['owner', 'scope', 'task_id', 'config_id'])
        .distinct()
        .execute()
      return rows.map(({ owner, scope, task_id, config_id }) => ({
        ...{ owner, scope },
        taskId: task_id,
        configId: config_id,
      }))
    },
    nextPush: (line) => nextPush(db, line),
    async pushFailed(id) {
      await db
        .updateTable('a2a_pushes')
        .set((row) => ({ attempts: row('attempts', '+', 1) }))
        .where('id', '=', id)
        .execute()
    },
    async pushDone(id) {
      await db.deleteFrom('a2a_pushes').where('id', '=', id).execute()
    },
  }
}

/** One line for each webhook of the task. @returns them, and how many events found no room */
export async function keepPushes(
  db: TaskDb,
  task: Omit<PushLine, 'configId'>,
  events: readonly A2aEvent[],
): Promise<{ pushed: PushLine[]; lost: number }> {
  const { owner, scope, taskId } = task
  const configs = await db
    .selectFrom('a2a_push_configs')
    .select('id')
    .where('scope', '=', scope)
    .where('task_id', '=', taskId)
    .execute()
  if (configs.length === 0) return { pushed: [], lost: 0 }
  const pushed = new Map<string, PushLine>()
  let lost = 0
  let place = await lastPlace(db, scope, taskId)
  const [own, all] = [await waiting(db, owner), await waiting(db)]
  for (const event of events) {
    const body = JSON.stringify(event)
    const bytes = Buffer.byteLength(body)
    for (const { id: configId } of configs) {
      if (!hasRoom(own, all, bytes)) {
        lost += 1
        continue
      }
      place += 1
      const row = {
        id: randomId(),
        owner,
        scope,
        task_id: taskId,
        config_id: configId,
        place,
        attempts: 0,
        bytes,
        body,
      }
      await db.insertInto('a2a_pushes').values(row).execute()
      for (const waits of [own, all]) {
        waits.pushes += 1
        waits.bytes += bytes
      }
      pushed.set(configId, { ...task, configId })
    }
  }
  return { pushed: [...pushed.values()], lost }
}

/** @param configId of one webhook @default of every one of the task */
export async function forgetPushes(db: TaskDb, scope: string, taskId: string, configId?: string): Promise<void> {
  const ofTask = db.deleteFrom('a2a_pushes').where('scope', '=', scope).where('task_id', '=', taskId)
  await (configId === undefined ? ofTask : ofTask.where('config_id', '=', configId)).execute()
}

async function nextPush(db: TaskDb, { scope, taskId, configId }: PushLine) {
  const row = await db
    .selectFrom('a2a_pushes as push')
    .innerJoin('a2a_push_configs as config', (join) =>
      join
        .onRef('config.scope', '=', 'push.scope')
        .onRef('config.task_id', '=', 'push.task_id')
        .onRef('config.id', '=', 'push.config_id'),
    )
    .select(['push.id', 'push.body', 'push.attempts', 'config.config'])
    .where('push.scope', '=', scope)
    .where('push.task_id', '=', taskId)
    .where('push.config_id', '=', configId)
    .orderBy('push.place')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { id, body, attempts, config } = row
  return { id, body, attempts, config: a2aPushConfigSchema.parse(JSON.parse(config)) }
}

async function lastPlace(db: TaskDb, scope: string, taskId: string): Promise<number> {
  const { place } = await db
    .selectFrom('a2a_pushes')
    .select((of) => of.fn.max('place').as('place'))
    .where('scope', '=', scope)
    .where('task_id', '=', taskId)
    .executeTakeFirstOrThrow()
  return Number(place ?? 0)
}

type Waiting = { pushes: number; bytes: number }

function hasRoom(own: Waiting, all: Waiting, bytes: number): boolean {
  if (own.pushes >= MAX_PUSHES_OF_OWNER || own.bytes + bytes > MAX_PUSH_BYTES_OF_OWNER) return false
  return all.pushes < MAX_PUSHES && all.bytes + bytes <= MAX_PUSH_BYTES
}

async function waiting(db: TaskDb, owner?: string): Promise<Waiting> {
  const query = db
    .selectFrom('a2a_pushes')
    .select((of) => [
      of.fn.countAll<number>().as('pushes'),
      sql<number>`cast(coalesce(sum(bytes), 0) as bigint)`.as('bytes'),
    ])
  const { pushes, bytes } = await (owner === undefined
    ? query
    : query.where('owner', '=', owner)
  ).executeTakeFirstOrThrow()
  return { pushes: Number(pushes), bytes: Number(bytes) }
}

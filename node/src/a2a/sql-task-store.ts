/** Tasks in tables of `state.db`. */
import {
  type A2aListTasks,
  type A2aPushConfig,
  a2aPushConfigSchema,
  a2aTaskSchema,
  isInterrupted,
  isTerminal,
} from '@hansa/protocols'
import type { Database } from '@hansa/storage'
import type { Kysely, Transaction } from 'kysely'
import type { PushStore } from './push-store.ts'
import { forgetPushes, keepPushes, sqlPushStore } from './sql-push-store.ts'
import type { TaskDb, TaskRow, TaskTables } from './task-migrations.ts'
import { forgetTasks, makeRoom, putTask } from './task-room.ts'
import {
  MAX_PUSH_CONFIGS,
  type StoredTask,
  type TakenBy,
  type TakenMessage,
  type TaskCall,
  type TaskPage,
  type TaskStore,
} from './task-store.ts'

/** @param database migrated with `taskMigrations` */
export function sqlTaskStore<DB>(database: Database<DB>): TaskStore & PushStore {
  const db = database.db as unknown as Kysely<TaskTables>
  return {
    ...sqlPushStore(db),
    take: (scope, stored, message, idleSinceMs) =>
      db.transaction().execute((within) => takeMessage(within, scope, stored, message, idleSinceMs)),
    update: (scope, stored, events) =>
      db.transaction().execute(async (within) => {
        await putTask(within, rowOf(scope, stored))
        return keepPushes(within, { owner: stored.owner, scope, taskId: stored.task.id }, events)
      }),
    taskOf: (scope, messageId) => taskOfMessage(db, scope, messageId),
    async load(scope, id) {
      const row = await db
        .selectFrom('a2a_tasks')
        .selectAll()
        .where('scope', '=', scope)
        .where('id', '=', id)
        .executeTakeFirst()
      return row && storedOf(row)
    },
    list: (scope, query) => page(db, scope, query),
    remove: (scope, id) => db.transaction().execute((within) => forgetTasks(within, [{ scope, id }])),
    async running() {
      const rows = await db.selectFrom('a2a_tasks').selectAll().where('ended', '=', 0).execute()
      return rows
        .map((row) => ({ scope: row.scope, stored: storedOf(row) }))
        .filter(({ stored }) => !isInterrupted(stored.task.status.state))
    },
    async pushConfigs(scope, taskId) {
      const rows = await configsOf(db, scope, taskId).select('config').orderBy('id').execute()
      return rows.map(({ config }) => a2aPushConfigSchema.parse(JSON.parse(config)))
    },
    putPushConfig: (scope, taskId, config) =>
      db.transaction().execute((within) => putPushConfig(within, scope, taskId, config)),
    removePushConfig: (scope, taskId, id) =>
      db.transaction().execute(async (within) => {
        await forgetPushes(within, scope, taskId, id)
        await within
          .deleteFrom('a2a_push_configs')
          .where('scope', '=', scope)
          .where('task_id', '=', taskId)
          .where('id', '=', id)
          .execute()
      }),
  }
}

async function takeMessage(
  db: Transaction<TaskTables>,
  scope: string,
  stored: StoredTask,
  message: TakenMessage,
  idleSinceMs: number,
): Promise<TakenBy> {
  const before = await taskOfMessage(db, scope, message.id)
  if (before !== undefined) return { kept: false, before }
  const row = rowOf(scope, stored)
  const full = await makeRoom(db, row, idleSinceMs)
  if (full !== undefined) return { kept: false, full }
  await putTask(db, row)
  const { id, digest } = message
  await db.insertInto('a2a_messages').values({ scope, id, digest, task_id: row.id }).execute()
  return { kept: true }
}

async function taskOfMessage(db: TaskDb, scope: string, id: string) {
  const row = await db
    .selectFrom('a2a_messages')
    .select(['task_id', 'digest'])
    .where('scope', '=', scope)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && { taskId: row.task_id, digest: row.digest }
}

function rowOf(scope: string, { owner, task, call, updatedMs }: StoredTask): TaskRow {
  const [taskText, callText] = [JSON.stringify(task), JSON.stringify(call)]
  const { state } = task.status
  return {
    owner,
    scope,
    id: task.id,
    context_id: task.contextId ?? '',
    state,
    ended: isTerminal(state) ? 1 : 0,
    updated_ms: updatedMs,
    bytes: taskText.length + callText.length,
    task: taskText,
    call: callText,
  }
}

function storedOf({ owner, task, call, updated_ms }: TaskRow): StoredTask {
  const parsed = a2aTaskSchema.parse(JSON.parse(task))
  return { owner, task: parsed, call: JSON.parse(call) as TaskCall, updatedMs: Number(updated_ms) }
}

const DEFAULT_PAGE = 50

async function page(db: Kysely<TaskTables>, scope: string, query: A2aListTasks): Promise<TaskPage | undefined> {
  const { pageSize = DEFAULT_PAGE, pageToken, contextId, status, statusTimestampAfter } = query
  const from = pageToken ? placeOf(pageToken) : undefined
  if (pageToken && from === undefined) return undefined
  let matching = db.selectFrom('a2a_tasks').where('scope', '=', scope)
  if (contextId) matching = matching.where('context_id', '=', contextId)
  if (status !== undefined && status !== 'TASK_STATE_UNSPECIFIED') matching = matching.where('state', '=', status)
  if (statusTimestampAfter !== undefined)
    matching = matching.where('updated_ms', '>=', new Date(statusTimestampAfter).getTime())
  const { n } = await matching.select((of) => of.fn.countAll<number>().as('n')).executeTakeFirstOrThrow()
  const rest =
    from === undefined
      ? matching
      : matching.where((of) =>
          of.or([
            of('updated_ms', '<', from.updatedMs),
            of.and([of('updated_ms', '=', from.updatedMs), of('id', '<', from.id)]),
          ]),
        )
  const rows = await rest
    .selectAll()
    .orderBy('updated_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(pageSize + 1)
    .execute()
  const last = rows.length > pageSize ? rows[pageSize - 1] : undefined
  const nextPageToken = last === undefined ? '' : tokenOf(Number(last.updated_ms), last.id)
  return { tasks: rows.slice(0, pageSize).map((row) => storedOf(row).task), nextPageToken, totalSize: Number(n) }
}

function tokenOf(updatedMs: number, id: string): string {
  return Buffer.from(`${updatedMs} ${id}`).toString('base64url')
}

function placeOf(token: string): { updatedMs: number; id: string } | undefined {
  const [, updatedMs, id] = /^(\d{1,15}) ([\x21-\x7e]+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? []
  return updatedMs === undefined || id === undefined ? undefined : { updatedMs: Number(updatedMs), id }
}

function configsOf(db: TaskDb, scope: string, taskId: string) {
  return db.selectFrom('a2a_push_configs').where('scope', '=', scope).where('task_id', '=', taskId)
}

async function putPushConfig(
  db: Transaction<TaskTables>,
  scope: string,
  taskId: string,
  config: A2aPushConfig & { id: string },
): Promise<boolean> {
  const known = await configsOf(db, scope, taskId).select('id').execute()
  if (!known.some(({ id }) => id === config.id) && known.length >= MAX_PUSH_CONFIGS) return false
  const row = { scope, task_id: taskId, id: config.id, config: JSON.stringify(config) }
  await db
    .insertInto('a2a_push_configs')
    .values(row)
    .onConflict((conflict) => conflict.columns(['scope', 'task_id', 'id']).doUpdateSet({ config: row.config }))
    .execute()
  return true
}

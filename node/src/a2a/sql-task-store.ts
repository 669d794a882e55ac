/** Tasks in tables of `state.db`. */
import {
  type A2aListTasks,
  type A2aPushConfig,
  a2aPushConfigSchema,
  a2aTaskSchema,
  isInterrupted,
  isTerminal,
} from '@hansa/protocols'
import type { Database, PackageMigrations } from '@hansa/storage'
import { type Kysely, sql, type Transaction } from 'kysely'
import {
  MAX_PUSH_CONFIGS,
  MAX_TASK_BYTES,
  MAX_TASKS,
  MAX_TASKS_OF_SCOPE,
  type StoredTask,
  type TakenMessage,
  type TaskCall,
  type TaskPage,
  type TaskStore,
} from './task-store.ts'

type TaskRow = {
  scope: string
  id: string
  context_id: string
  state: string
  ended: number
  updated_ms: number
  bytes: number
  task: string
  call: string
}
type Tables = {
  a2a_tasks: TaskRow
  a2a_messages: { scope: string; id: string; task_id: string; digest: string }
  a2a_push_configs: { scope: string; task_id: string; id: string; config: string }
}

export const taskMigrations: PackageMigrations = {
  package: '@hansa/node/a2a',
  migrations: [
    {
      id: '0001_a2a_tasks',
      async up(db) {
        await db.schema
          .createTable('a2a_tasks')
          .addColumn('scope', 'text', (column) => column.notNull())
          .addColumn('id', 'text', (column) => column.notNull())
          .addColumn('context_id', 'text', (column) => column.notNull())
          .addColumn('state', 'text', (column) => column.notNull())
          .addColumn('ended', 'integer', (column) => column.notNull())
          .addColumn('updated_ms', 'bigint', (column) => column.notNull())
          .addColumn('bytes', 'bigint', (column) => column.notNull())
          .addColumn('task', 'text', (column) => column.notNull())
          .addColumn('call', 'text', (column) => column.notNull())
          .addPrimaryKeyConstraint('a2a_tasks_key', ['scope', 'id'])
          .execute()
        await db.schema.createIndex('a2a_tasks_order').on('a2a_tasks').columns(['scope', 'updated_ms', 'id']).execute()
        await db.schema.createIndex('a2a_tasks_ended').on('a2a_tasks').columns(['ended', 'updated_ms']).execute()
        await db.schema
          .createTable('a2a_messages')
          .addColumn('scope', 'text', (column) => column.notNull())
          .addColumn('id', 'text', (column) => column.notNull())
          .addColumn('task_id', 'text', (column) => column.notNull())
          .addColumn('digest', 'text', (column) => column.notNull())
          .addPrimaryKeyConstraint('a2a_messages_key', ['scope', 'id'])
          .execute()
        await db.schema.createIndex('a2a_messages_task').on('a2a_messages').columns(['scope', 'task_id']).execute()
        await db.schema
          .createTable('a2a_push_configs')
          .addColumn('scope', 'text', (column) => column.notNull())
          .addColumn('task_id', 'text', (column) => column.notNull())
          .addColumn('id', 'text', (column) => column.notNull())
          .addColumn('config', 'text', (column) => column.notNull())
          .addPrimaryKeyConstraint('a2a_push_configs_key', ['scope', 'task_id', 'id'])
          .execute()
      },
    },
  ],
}

/** @param database migrated with `taskMigrations` */
export function sqlTaskStore<DB>(database: Database<DB>): TaskStore {
  const db = database.db as unknown as Kysely<Tables>
  return {
    add: (scope, stored, message) => write(db, scope, stored, message),
    update: (scope, stored, message) => write(db, scope, stored, message),
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
    remove: (scope, id) => db.transaction().execute((within) => forget(within, [{ scope, id }])),
    async running() {
      const rows = await db.selectFrom('a2a_tasks').selectAll().where('ended', '=', 0).execute()
      return rows
        .map((row) => ({ scope: row.scope, stored: storedOf(row) }))
        .filter(({ stored }) => !isInterrupted(stored.task.status.state))
    },
    prune: (scope, before) => db.transaction().execute((within) => prune(within, scope, before)),
    async pushConfigs(scope, taskId) {
      const rows = await configsOf(db, scope, taskId).select('config').orderBy('id').execute()
      return rows.map(({ config }) => a2aPushConfigSchema.parse(JSON.parse(config)))
    },
    putPushConfig: (scope, taskId, config) =>
      db.transaction().execute((within) => putPushConfig(within, scope, taskId, config)),
    async removePushConfig(scope, taskId, id) {
      await db
        .deleteFrom('a2a_push_configs')
        .where('scope', '=', scope)
        .where('task_id', '=', taskId)
        .where('id', '=', id)
        .execute()
    },
  }
}

type Within = Kysely<Tables> | Transaction<Tables>

function write(db: Kysely<Tables>, scope: string, stored: StoredTask, message?: TakenMessage) {
  return db.transaction().execute(async (within) => {
    const taken = message && (await taskOfMessage(within, scope, message.id))
    if (taken !== undefined) return taken
    const row = rowOf(scope, stored)
    const { scope: _scope, id: _id, ...changed } = row
    await within
      .insertInto('a2a_tasks')
      .values(row)
      .onConflict((conflict) => conflict.columns(['scope', 'id']).doUpdateSet(changed))
      .execute()
    if (message === undefined) return undefined
    const { id, digest } = message
    await within.insertInto('a2a_messages').values({ scope, id, digest, task_id: row.id }).execute()
    return undefined
  })
}

async function taskOfMessage(db: Within, scope: string, id: string) {
  const row = await db
    .selectFrom('a2a_messages')
    .select(['task_id', 'digest'])
    .where('scope', '=', scope)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && { taskId: row.task_id, digest: row.digest }
}

function rowOf(scope: string, { task, call, updatedMs }: StoredTask): TaskRow {
  const [taskText, callText] = [JSON.stringify(task), JSON.stringify(call)]
  const { state } = task.status
  return {
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

function storedOf({ task, call, updated_ms }: TaskRow): StoredTask {
  const parsed = a2aTaskSchema.parse(JSON.parse(task))
  return { task: parsed, call: JSON.parse(call) as TaskCall, updatedMs: Number(updated_ms) }
}

const DEFAULT_PAGE = 50

async function page(db: Kysely<Tables>, scope: string, query: A2aListTasks): Promise<TaskPage | undefined> {
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

async function prune(db: Transaction<Tables>, scope: string, before: number): Promise<number> {
  const ended = () => db.selectFrom('a2a_tasks').select(['scope', 'id', 'bytes']).where('ended', '=', 1)
  await forget(db, await ended().where('updated_ms', '<', before).execute())
  const all = await totals(db)
  const own = await totals(db, scope)
  const oldestFirst = (query: ReturnType<typeof ended>) => query.orderBy('updated_ms').limit(100).execute()
  if (all.tasks >= MAX_TASKS || all.bytes >= MAX_TASK_BYTES) await forget(db, await oldestFirst(ended()))
  if (own.tasks < MAX_TASKS_OF_SCOPE) return own.tasks
  await forget(db, await oldestFirst(ended().where('scope', '=', scope)))
  return (await totals(db, scope)).tasks
}

async function totals(db: Within, scope?: string): Promise<{ tasks: number; bytes: number }> {
  const query = db
    .selectFrom('a2a_tasks')
    .select((of) => [
      of.fn.countAll<number>().as('tasks'),
      sql<number>`cast(coalesce(sum(bytes), 0) as bigint)`.as('bytes'),
    ])
  const { tasks, bytes } = await (scope === undefined
    ? query
    : query.where('scope', '=', scope)
  ).executeTakeFirstOrThrow()
  return { tasks: Number(tasks), bytes: Number(bytes) }
}

async function forget(db: Within, gone: readonly { scope: string; id: string }[]): Promise<void> {
  for (const { scope, id } of gone) {
    await db.deleteFrom('a2a_tasks').where('scope', '=', scope).where('id', '=', id).execute()
    await db.deleteFrom('a2a_messages').where('scope', '=', scope).where('task_id', '=', id).execute()
    await db.deleteFrom('a2a_push_configs').where('scope', '=', scope).where('task_id', '=', id).execute()
  }
}

function configsOf(db: Within, scope: string, taskId: string) {
  return db.selectFrom('a2a_push_configs').where('scope', '=', scope).where('task_id', '=', taskId)
}

async function putPushConfig(
  db: Transaction<Tables>,
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

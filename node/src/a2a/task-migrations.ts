/** The tables of tasks in `state.db`: tasks, the messages that they have taken, webhooks, and what waits for these. */
import type { PackageMigrations } from '@hansa/storage'
import { type Kysely, sql, type Transaction } from 'kysely'

export type TaskRow = {
  /** Who filled the room that it takes. */
  owner: string
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

export type PushRow = {
  id: string
  owner: string
  scope: string
  task_id: string
  config_id: string
  /** Events of one task go out in this order. */
  place: number
  attempts: number
  bytes: number
  body: string
}

/** What there is of tasks: of one owner, or of all, whose name is empty. */
export type TaskTotalsRow = { owner: string; tasks: number; bytes: number }

export type TaskTables = {
  a2a_tasks: TaskRow
  a2a_task_totals: TaskTotalsRow
  a2a_messages: { scope: string; id: string; task_id: string; digest: string }
  a2a_push_configs: { scope: string; task_id: string; id: string; config: string }
  a2a_pushes: PushRow
}

/** The database, or a transaction of it. */
export type TaskDb = Kysely<TaskTables> | Transaction<TaskTables>

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
    { id: '0002_a2a_task_owners', up: addOwners },
    { id: '0003_a2a_pushes', up: addPushes },
    { id: '0004_a2a_task_totals', up: indexTotals },
    { id: '0005_a2a_task_room', up: keepTotals },
  ],
}

/** The first word of a scope is its owner. */
async function addOwners(db: Transaction<unknown>): Promise<void> {
  await db.schema
    .alterTable('a2a_tasks')
    .addColumn('owner', 'text', (column) => column.notNull().defaultTo(''))
    .execute()
  const { rows } = await sql<{ scope: string }>`select distinct scope from a2a_tasks`.execute(db)
  for (const { scope } of rows) {
    const [owner] = JSON.parse(scope) as [string]
    await sql`update a2a_tasks set owner = ${owner} where scope = ${scope}`.execute(db)
  }
  await db.schema.createIndex('a2a_tasks_owner').on('a2a_tasks').columns(['owner', 'ended', 'updated_ms']).execute()
}

/** Tasks are large: what they take together is read out of the index alone. */
async function indexTotals(db: Transaction<unknown>): Promise<void> {
  await db.schema.dropIndex('a2a_tasks_owner').execute()
  const columns = ['owner', 'ended', 'updated_ms', 'bytes']
  await db.schema.createIndex('a2a_tasks_totals').on('a2a_tasks').columns(columns).execute()
}

/** Kept beside the tasks, because to count ten thousand of them costs more than to take one. */
async function keepTotals(db: Transaction<unknown>): Promise<void> {
  await db.schema
    .createTable('a2a_task_totals')
    .addColumn('owner', 'text', (column) => column.primaryKey().notNull())
    .addColumn('tasks', 'bigint', (column) => column.notNull())
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .execute()
  const totals = sql`count(*), cast(coalesce(sum(bytes), 0) as bigint) from a2a_tasks`
  await sql`insert into a2a_task_totals (owner, tasks, bytes) select owner, ${totals} where owner <> '' group by owner`.execute(
    db,
  )
  await sql`insert into a2a_task_totals (owner, tasks, bytes) select '', ${totals}`.execute(db)
}

async function addPushes(db: Transaction<unknown>): Promise<void> {
  await db.schema
    .createTable('a2a_pushes')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('task_id', 'text', (column) => column.notNull())
    .addColumn('config_id', 'text', (column) => column.notNull())
    .addColumn('place', 'bigint', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('a2a_pushes_line')
    .on('a2a_pushes')
    .columns(['scope', 'task_id', 'config_id', 'place'])
    .execute()
  await db.schema.createIndex('a2a_pushes_owner').on('a2a_pushes').column('owner').execute()
}

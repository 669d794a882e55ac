/** Room for one more task: what has ended makes way, and what has not ended is bounded, by owner and for everybody. */
import type { A2aTaskState } from '@hansa/protocols'
import { forgetPushes } from './sql-push-store.ts'
import type { TaskDb, TaskRow } from './task-migrations.ts'
import { MAX_TASK_CHARS, MAX_TASK_CHARS_OF_OWNER, MAX_TASKS, MAX_TASKS_OF_OWNER, type NoRoom } from './task-store.ts'

/** Whoever is asked may never answer. */
const WAITING: readonly A2aTaskState[] = ['TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_AUTH_REQUIRED']

/** Ended tasks that are looked at together for what makes way: mostly one has to. */
const OLDEST = 8

/** For this row, also where one of its id is there already. @returns what there is no room in */
export async function makeRoom(db: TaskDb, row: TaskRow, idleSinceMs: number): Promise<NoRoom | undefined> {
  await forgetTasks(db, await idle(db, row, idleSinceMs))
  const more = await growth(db, row)
  const own = await freed(db, more, { tasks: MAX_TASKS_OF_OWNER, bytes: MAX_TASK_CHARS_OF_OWNER }, row.owner)
  if (own.tasks > MAX_TASKS_OF_OWNER) return 'tasks'
  if (own.bytes > MAX_TASK_CHARS_OF_OWNER) return 'bytes'
  const all = await freed(db, more, { tasks: MAX_TASKS, bytes: MAX_TASK_CHARS }, EVERYBODY)
  return all.tasks > MAX_TASKS || all.bytes > MAX_TASK_CHARS ? 'node' : undefined
}

/** The task as it is now, with what it takes. */
export async function putTask(db: TaskDb, row: TaskRow): Promise<void> {
  await count(db, row.owner, await growth(db, row))
  const { scope: _scope, id: _id, ...changed } = row
  await db
    .insertInto('a2a_tasks')
    .values(row)
    .onConflict((conflict) => conflict.columns(['scope', 'id']).doUpdateSet(changed))
    .execute()
}

export async function forgetTasks(db: TaskDb, gone: readonly { scope: string; id: string }[]): Promise<void> {
  for (const { scope, id } of gone) {
    const deleting = db.deleteFrom('a2a_tasks').where('scope', '=', scope).where('id', '=', id)
    const task = await deleting.returning(['owner', 'bytes']).executeTakeFirst()
    if (task !== undefined) await count(db, task.owner, { tasks: -1, bytes: -Number(task.bytes) })
    await db.deleteFrom('a2a_messages').where('scope', '=', scope).where('task_id', '=', id).execute()
    await db.deleteFrom('a2a_push_configs').where('scope', '=', scope).where('task_id', '=', id).execute()
    await forgetPushes(db, scope, id)
  }
}

/** In the totals, the owner of all tasks. */
const EVERYBODY = ''

async function count(db: TaskDb, owner: string, more: Totals): Promise<void> {
  if (more.tasks === 0 && more.bytes === 0) return
  for (const one of new Set([owner, EVERYBODY])) {
    await db
      .insertInto('a2a_task_totals')
      .values({ owner: one, ...more })
      .onConflict((conflict) =>
        conflict.column('owner').doUpdateSet((of) => ({
          tasks: of('a2a_task_totals.tasks', '+', of.ref('excluded.tasks')),
          bytes: of('a2a_task_totals.bytes', '+', of.ref('excluded.bytes')),
        })),
      )
      .execute()
  }
  if (more.tasks < 0 && owner !== EVERYBODY)
    await db.deleteFrom('a2a_task_totals').where('owner', '=', owner).where('tasks', '<=', 0).execute()
}

function idle(db: TaskDb, { scope, id }: TaskRow, idleSinceMs: number) {
  return (
    db
      .selectFrom('a2a_tasks')
      .select(['scope', 'id'])
      // Both, so that the index by time serves.
      .where('ended', 'in', [0, 1])
      .where('updated_ms', '<', idleSinceMs)
      .where((of) => of.or([of('ended', '=', 1), of('state', 'in', WAITING)]))
      .where((of) => of.not(of.and([of('scope', '=', scope), of('id', '=', id)])))
      .execute()
  )
}

type Totals = { tasks: number; bytes: number }

/** By how much it is more than there is of it already. */
async function growth(db: TaskDb, { scope, id, bytes }: TaskRow): Promise<Totals> {
  const known = await db
    .selectFrom('a2a_tasks')
    .select('bytes')
    .where('scope', '=', scope)
    .where('id', '=', id)
    .executeTakeFirst()
  return known === undefined ? { tasks: 1, bytes } : { tasks: 0, bytes: bytes - Number(known.bytes) }
}

/** Forgets the oldest ended ones until what comes fits, or none is left. @returns what there is then, with it */
async function freed(db: TaskDb, more: Totals, most: Totals, owner: string): Promise<Totals> {
  const before = await totals(db, owner)
  const left = { tasks: before.tasks + more.tasks, bytes: before.bytes + more.bytes }
  const isOver = () => left.tasks > most.tasks || left.bytes > most.bytes
  while (isOver()) {
    const oldest = await ended(db, owner)
    if (oldest.length === 0) break
    const gone: { scope: string; id: string }[] = []
    for (const one of oldest) {
      if (!isOver()) break
      left.tasks -= 1
      left.bytes -= Number(one.bytes)
      gone.push(one)
    }
    await forgetTasks(db, gone)
  }
  return left
}

function ended(db: TaskDb, owner: string) {
  const all = db.selectFrom('a2a_tasks').select(['scope', 'id', 'bytes']).where('ended', '=', 1)
  const of = owner === EVERYBODY ? all : all.where('owner', '=', owner)
  return of.orderBy('updated_ms').limit(OLDEST).execute()
}

async function totals(db: TaskDb, owner: string): Promise<Totals> {
  const row = await db
    .selectFrom('a2a_task_totals')
    .select(['tasks', 'bytes'])
    .where('owner', '=', owner)
    .executeTakeFirst()
  return { tasks: Number(row?.tasks ?? 0), bytes: Number(row?.bytes ?? 0) }
}

/** Room for one more task: what has ended makes way, and what has not ended is bounded, by owner and for everybody. */
import type { A2aTaskState } from '@hansa/protocols'
import { sql } from 'kysely'
import { forgetPushes } from './sql-push-store.ts'
import type { TaskDb, TaskRow } from './task-migrations.ts'
import { MAX_TASK_CHARS, MAX_TASK_CHARS_OF_OWNER, MAX_TASKS, MAX_TASKS_OF_OWNER, type NoRoom } from './task-store.ts'

/** Whoever is asked may never answer. */
const WAITING: readonly A2aTaskState[] = ['TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_AUTH_REQUIRED']

/** For this row, also where one of its id is there already. @returns what there is no room in */
export async function makeRoom(db: TaskDb, row: TaskRow, idleSinceMs: number): Promise<NoRoom | undefined> {
  await forgetTasks(db, await idle(db, row, idleSinceMs))
  const { owner, bytes } = row
  const own = await freed(db, row, { tasks: MAX_TASKS_OF_OWNER, bytes: MAX_TASK_CHARS_OF_OWNER }, owner)
  if (own.tasks + 1 > MAX_TASKS_OF_OWNER) return 'tasks'
  if (own.bytes + bytes > MAX_TASK_CHARS_OF_OWNER) return 'bytes'
  const all = await freed(db, row, { tasks: MAX_TASKS, bytes: MAX_TASK_CHARS })
  return all.tasks + 1 > MAX_TASKS || all.bytes + bytes > MAX_TASK_CHARS ? 'node' : undefined
}

export async function forgetTasks(db: TaskDb, gone: readonly { scope: string; id: string }[]): Promise<void> {
  for (const { scope, id } of gone) {
    await db.deleteFrom('a2a_tasks').where('scope', '=', scope).where('id', '=', id).execute()
    await db.deleteFrom('a2a_messages').where('scope', '=', scope).where('task_id', '=', id).execute()
    await db.deleteFrom('a2a_push_configs').where('scope', '=', scope).where('task_id', '=', id).execute()
    await forgetPushes(db, scope, id)
  }
}

function idle(db: TaskDb, { scope, id }: TaskRow, idleSinceMs: number) {
  return db
    .selectFrom('a2a_tasks')
    .select(['scope', 'id'])
    .where('updated_ms', '<', idleSinceMs)
    .where((of) => of.or([of('ended', '=', 1), of('state', 'in', WAITING)]))
    .where((of) => of.not(of.and([of('scope', '=', scope), of('id', '=', id)])))
    .execute()
}

type Totals = { tasks: number; bytes: number }

/** Forgets the oldest ended ones until the row fits, or none is left. @returns what is left beside the row */
async function freed(db: TaskDb, row: TaskRow, most: Totals, owner?: string): Promise<Totals> {
  const left = await totals(db, row, owner)
  const gone: { scope: string; id: string }[] = []
  const isOver = () => left.tasks + 1 > most.tasks || left.bytes + row.bytes > most.bytes
  for (const one of isOver() ? await ended(db, owner) : []) {
    if (!isOver()) break
    left.tasks -= 1
    left.bytes -= Number(one.bytes)
    gone.push(one)
  }
  await forgetTasks(db, gone)
  return left
}

function ended(db: TaskDb, owner: string | undefined) {
  const all = db.selectFrom('a2a_tasks').select(['scope', 'id', 'bytes']).where('ended', '=', 1).orderBy('updated_ms')
  return (owner === undefined ? all : all.where('owner', '=', owner)).execute()
}

async function totals(db: TaskDb, { scope, id }: TaskRow, owner: string | undefined): Promise<Totals> {
  const others = db
    .selectFrom('a2a_tasks')
    .select((of) => [
      of.fn.countAll<number>().as('tasks'),
      sql<number>`cast(coalesce(sum(bytes), 0) as bigint)`.as('bytes'),
    ])
    .where((of) => of.not(of.and([of('scope', '=', scope), of('id', '=', id)])))
  const query = owner === undefined ? others : others.where('owner', '=', owner)
  const { tasks, bytes } = await query.executeTakeFirstOrThrow()
  return { tasks: Number(tasks), bytes: Number(bytes) }
}

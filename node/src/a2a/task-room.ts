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
  const more = await growth(db, row)
  const own = await freed(db, more, { tasks: MAX_TASKS_OF_OWNER, bytes: MAX_TASK_CHARS_OF_OWNER }, row.owner)
  if (own.tasks > MAX_TASKS_OF_OWNER) return 'tasks'
  if (own.bytes > MAX_TASK_CHARS_OF_OWNER) return 'bytes'
  const all = await freed(db, more, { tasks: MAX_TASKS, bytes: MAX_TASK_CHARS })
  return all.tasks > MAX_TASKS || all.bytes > MAX_TASK_CHARS ? 'node' : undefined
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
async function freed(db: TaskDb, more: Totals, most: Totals, owner?: string): Promise<Totals> {
  const before = await totals(db, owner)
  const left = { tasks: before.tasks + more.tasks, bytes: before.bytes + more.bytes }
  const gone: { scope: string; id: string }[] = []
  const isOver = () => left.tasks > most.tasks || left.bytes > most.bytes
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

async function totals(db: TaskDb, owner: string | undefined): Promise<Totals> {
  const all = db
    .selectFrom('a2a_tasks')
    .select((of) => [
      of.fn.countAll<number>().as('tasks'),
      sql<number>`cast(coalesce(sum(bytes), 0) as bigint)`.as('bytes'),
    ])
  const query = owner === undefined ? all : all.where('owner', '=', owner)
  const { tasks, bytes } = await query.executeTakeFirstOrThrow()
  return { tasks: Number(tasks), bytes: Number(bytes) }
}

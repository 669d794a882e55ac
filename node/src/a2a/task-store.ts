/** Where tasks are kept. Everything is under a scope: whoever asks with another one finds nothing. */
import type {
  A2aEvent,
  A2aListTasks,
  A2aPushConfig,
  A2aTask,
  InputRequests,
  InvokeOptions,
  Label,
} from '@hansa/protocols'
import type { PushLine } from './push-store.ts'

/** What a task stands for, which nobody is told. */
export type TaskCall = {
  capability: string
  args: unknown
  purpose?: string
  delegation?: string
  idempotencyKey?: string
  labels?: readonly Label[]
  /** What it waits for, when it does. */
  waits?: WaitsForInput | WaitsForApproval
}

export type WaitsForInput = { for: 'input'; callId: string; requests: InputRequests }
/** `continues`: what was to be approved are answers, and these are they. */
export type WaitsForApproval = {
  for: 'approval'
  ids: readonly string[]
  continues?: NonNullable<InvokeOptions['continues']>
}

/** `owner`: who sent its first message, in whatever scope; the room that it takes is of that one. */
export type StoredTask = { owner: string; task: A2aTask; call: TaskCall; updatedMs: number }
/** A message that a task was given: its id, and the hash of it. */
export type TakenMessage = { id: string; digest: string }

export type TaskPage = {
  tasks: A2aTask[]
  /** Of the next page; empty at the end. */
  nextPageToken: string
  totalSize: number
}

/** What fills the room for tasks that have not ended: those of the owner, bytes of these, or those of everybody. */
export type NoRoom = 'tasks' | 'bytes' | 'node'

/** `before`: the message has been taken before, by this task. */
export type TakenBy =
  | { kept: true }
  | { kept: false; before: { taskId: string; digest: string } }
  | { kept: false; full: NoRoom }

export interface TaskStore {
  /**
   * Keeps a task, a new one or one that goes on, and the message that it is given. Makes room first: it forgets tasks of
   * anybody that have ended or wait, and were last changed before `idleSinceMs`; and then the oldest ended ones, those of
   * the same owner first.
   */
  take(scope: string, stored: StoredTask, message: TakenMessage, idleSinceMs: number): Promise<TakenBy>
  /**
   * Keeps what became of a task, and in the same transaction the events that its webhooks are to hear of.
   * @returns webhooks for which something was kept, and how many events found no room
   */
  update(scope: string, stored: StoredTask, events: readonly A2aEvent[]): Promise<{ pushed: PushLine[]; lost: number }>
  /** @returns the task that has taken a message of this id, and the digest of it */
  taskOf(scope: string, messageId: string): Promise<{ taskId: string; digest: string } | undefined>
  load(scope: string, id: string): Promise<StoredTask | undefined>
  /** @returns undefined for a page token that is none. */
  list(scope: string, query: A2aListTasks): Promise<TaskPage | undefined>
  remove(scope: string, id: string): Promise<void>
  /** Tasks that have not ended and do not wait for anybody: at a start, those that a stop cut off. */
  running(): Promise<{ scope: string; stored: StoredTask }[]>
  pushConfigs(scope: string, taskId: string): Promise<A2aPushConfig[]>
  /** Replaces the one with the same id. @returns false when the task has as many as it may have */
  putPushConfig(scope: string, taskId: string, config: A2aPushConfig & { id: string }): Promise<boolean>
  /** And what waits for it. */
  removePushConfig(scope: string, taskId: string, id: string): Promise<void>
}

/** Tasks of one owner, and characters of them; ended ones make room. */
export const MAX_TASKS_OF_OWNER = 1_000
export const MAX_TASK_CHARS_OF_OWNER = 67_108_864
/** The same of everybody. */
export const MAX_TASKS = 10_000
export const MAX_TASK_CHARS = 268_435_456
/** Characters of all messages of one task, as JSON. */
export const MAX_HISTORY_CHARS = 4_194_304
/** Webhooks of one task. */
export const MAX_PUSH_CONFIGS = 8

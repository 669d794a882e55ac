/** Where tasks are kept. Everything is under a scope: whoever asks with another one finds nothing. */
import type { A2aListTasks, A2aPushConfig, A2aTask, InputRequests, InvokeOptions, Label } from '@hansa/protocols'

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

export type StoredTask = { task: A2aTask; call: TaskCall; updatedMs: number }
/** A message that a task was given: its id, and the hash of it. */
export type TakenMessage = { id: string; digest: string }

export type TaskPage = {
  tasks: A2aTask[]
  /** Of the next page; empty at the end. */
  nextPageToken: string
  totalSize: number
}

export interface TaskStore {
  /**
   * Keeps a new task, and the message that it is for, unless the message has been taken before.
   * @returns the task that has it already, with the digest that it had
   */
  add(scope: string, stored: StoredTask, message: TakenMessage): Promise<{ taskId: string; digest: string } | undefined>
  /** Keeps what became of a task, and a further message. @returns as `add` */
  update(
    scope: string,
    stored: StoredTask,
    message?: TakenMessage,
  ): Promise<{ taskId: string; digest: string } | undefined>
  /** @returns the task that has taken a message of this id, and the digest of it */
  taskOf(scope: string, messageId: string): Promise<{ taskId: string; digest: string } | undefined>
  load(scope: string, id: string): Promise<StoredTask | undefined>
  /** @returns undefined for a page token that is none. */
  list(scope: string, query: A2aListTasks): Promise<TaskPage | undefined>
  remove(scope: string, id: string): Promise<void>
  /** Tasks that have not ended and do not wait for anybody: at a start, those that a stop cut off. */
  running(): Promise<{ scope: string; stored: StoredTask }[]>
  /**
   * Forgets ended tasks: those last changed before, and then the oldest, until the rest is within the bounds.
   * @returns tasks of the scope that are left
   */
  prune(scope: string, before: number): Promise<number>
  pushConfigs(scope: string, taskId: string): Promise<A2aPushConfig[]>
  /** Replaces the one with the same id. @returns false when the task has as many as it may have */
  putPushConfig(scope: string, taskId: string, config: A2aPushConfig & { id: string }): Promise<boolean>
  removePushConfig(scope: string, taskId: string, id: string): Promise<void>
}

/** Tasks of one scope; ended ones make room. */
export const MAX_TASKS_OF_SCOPE = 1_000
/** Tasks of all, and bytes of them. */
export const MAX_TASKS = 10_000
export const MAX_TASK_BYTES = 268_435_456
/** Characters of all messages of one task, as JSON. */
export const MAX_HISTORY_CHARS = 4_194_304
/** Webhooks of one task. */
export const MAX_PUSH_CONFIGS = 8

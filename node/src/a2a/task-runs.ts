/** The calls that are on their way for tasks: what they say, and what they end with, is what becomes of the task. */
import {
  type A2aEvent,
  type A2aTask,
  CallError,
  type CallNote,
  type Clock,
  type EventLogger,
  HANSA_EXTENSION,
  type InputMethod,
  type InvokeOptions,
  isInterrupted,
} from '@hansa/protocols'
import { randomId } from '@hansa/trust'
import type { ControlledKernel } from '../control/controlled-kernel.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import { A2aFault } from './a2a-fault.ts'
import {
  agentMessage,
  type CallOutcome,
  isRefusal,
  outcomeOfFrame,
  outcomeOfRefusal,
  partsOfNote,
} from './call-outcome.ts'
import type { TaskEvents } from './task-events.ts'
import type { StoredTask, TaskStore } from './task-store.ts'
import type { TaskWebhooks } from './task-webhooks.ts'

export type TaskRunsComponents = {
  kernel: Pick<ControlledKernel, 'invoke'>
  store: TaskStore
  events: TaskEvents
  webhooks: TaskWebhooks
  clock: Clock
  logger: EventLogger
}

export type TaskRun = {
  /** As it is now. */
  readonly stored: StoredTask
  /** Whether the task began with this call. */
  readonly first: boolean
  cancel(): void
  /** Resolves with the refusal where nothing was begun; else with nothing. */
  readonly ended: Promise<CallError | undefined>
}

export type StartRun = {
  scope: string
  stored: StoredTask
  first: boolean
  /** Of the call, `signal` included. */
  options: InvokeOptions
}

/** What a client of A2A can answer: with a message, or with a form as data. */
const ACCEPTS: readonly InputMethod[] = ['message', 'authorization', 'elicitation/create']
/** Calls of one owner at the same time. */
const MAX_RUNNING_OF_OWNER = 64

export class TaskRuns {
  readonly #c: TaskRunsComponents
  readonly #runs = new Map<string, TaskRun>()

  constructor(components: TaskRunsComponents) {
    this.#c = components
  }

  find(key: string): TaskRun | undefined {
    return this.#runs.get(key)
  }

  /** @throws A2aFault when the owner has as many calls under way as it may have */
  roomFor(owner: string): void {
    const running = [...this.#runs.values()].filter(({ stored }) => stored.owner === owner).length
    if (running < MAX_RUNNING_OF_OWNER) return
    throw new A2aFault(
      { code: 'ResourceExhaustedError' },
      `There are ${running} tasks under way; wait for one of them.`,
    )
  }

  start({ scope, stored, first, options }: StartRun): TaskRun {
    const key = keyOf(scope, stored.task.id)
    const canceled = new AbortController()
    const ended = this.#work(scope, stored, options, canceled.signal).catch((error: unknown) => {
      this.#c.logger.error('a2a.task_failed', faultFields(error))
      this.#c.events.end(key)
      return new CallError({ code: 'internal' })
    })
    const cancel = () => canceled.abort(new Error('the client has canceled the task'))
    const run: TaskRun = { stored, first, cancel, ended }
    this.#runs.set(key, run)
    void ended.finally(() => this.#runs.delete(key))
    return run
  }

  async ended(): Promise<void> {
    await Promise.allSettled([...this.#runs.values()].map(({ ended }) => ended))
  }

  /** A task has ended, or waits. */
  async conclude(scope: string, stored: StoredTask, outcome: CallOutcome): Promise<void> {
    const { state, parts, artifact, facts, waits } = outcome
    const { waits: _before, ...asked } = stored.call
    stored.call = waits === undefined ? asked : { ...asked, waits }
    stored.task.metadata = { ...stored.task.metadata, [HANSA_EXTENSION]: facts }
    const shown = artifact === undefined ? [] : [withArtifact(stored.task, artifact)]
    await this.#says(scope, stored, state, parts, shown)
    this.#c.events.end(keyOf(scope, stored.task.id))
  }

  async #work(
    scope: string,
    stored: StoredTask,
    options: InvokeOptions,
    canceled: AbortSignal,
  ): Promise<CallError | undefined> {
    const { capability, args } = stored.call
    await this.#says(scope, stored, 'TASK_STATE_WORKING')
    const signal = AbortSignal.any([canceled, ...(options.signal === undefined ? [] : [options.signal])])
    const onNote = (note: CallNote) => this.#noted(scope, stored, note)
    try {
      const frame = await this.#c.kernel.invoke(capability, args, { ...options, signal, accepts: ACCEPTS, onNote })
      await this.conclude(scope, stored, outcomeOfFrame(frame))
      return undefined
    } catch (error) {
      const failure = this.#callErrorOf(error)
      const said = isForgotten(failure, options) ? FORGOTTEN : failure.message
      const outcome = withEarlierApprovals(outcomeOfRefusal(failure.detail, said, capability), options)
      const state = canceled.aborted ? 'TASK_STATE_CANCELED' : outcome.state
      await this.conclude(scope, stored, { ...outcome, state })
      return state === 'TASK_STATE_REJECTED' && isRefusal(failure.detail) ? failure : undefined
    }
  }

  /** @param before told first */
  async #says(
    scope: string,
    stored: StoredTask,
    state: A2aTask['status']['state'],
    parts?: CallOutcome['parts'],
    before: readonly A2aEvent[] = [],
  ): Promise<void> {
    const { store, webhooks, events } = this.#c
    const { task } = stored
    const { id: taskId, contextId = '' } = task
    const message = parts && agentMessage({ id: randomId(), taskId, contextId, parts })
    task.status = { state, timestamp: this.#now(), ...(message === undefined ? {} : { message }) }
    // What a client is asked for is part of what was said between the two.
    if (message !== undefined && isInterrupted(state)) task.history = [...(task.history ?? []), message]
    stored.updatedMs = this.#c.clock.now()
    const said = [...before, { statusUpdate: { taskId, contextId, status: task.status, metadata: task.metadata } }]
    webhooks.told(await store.update(scope, stored, webhooks.supported ? said : []))
    for (const event of said) events.tell(keyOf(scope, taskId), structuredClone(event))
  }

  /** A note is told to those who listen now, and is kept nowhere. */
  #noted(scope: string, { task }: StoredTask, note: CallNote): void {
    const { id: taskId, contextId = '' } = task
    const message = agentMessage({ id: randomId(), taskId, contextId, parts: partsOfNote(note) })
    const status = { state: 'TASK_STATE_WORKING' as const, timestamp: this.#now(), message }
    this.#c.events.tell(keyOf(scope, taskId), { statusUpdate: { taskId, contextId, status } })
  }

  #callErrorOf(error: unknown): CallError {
    if (error instanceof CallError) return error
    this.#c.logger.error('a2a.task_failed', faultFields(error))
    return new CallError({ code: 'internal' })
  }

  #now(): string {
    return new Date(this.#c.clock.now()).toISOString()
  }
}

/** @returns the event that tells of it */
function withArtifact(task: A2aTask, artifact: NonNullable<CallOutcome['artifact']>): A2aEvent {
  const { id: taskId, contextId = '' } = task
  const others = (task.artifacts ?? []).filter(({ artifactId }) => artifactId !== artifact.artifactId)
  task.artifacts = [...others, artifact]
  return { artifactUpdate: { taskId, contextId, artifact, append: false, lastChunk: true } }
}

/** What a client can do about it; the code alone says that there is no such thing. */
const FORGOTTEN =
  'What this task asked for is not waited for any more: ten minutes have passed, or a node was started again since. Begin another task.'

function isForgotten({ detail: { code } }: CallError, { continues }: InvokeOptions): boolean {
  return continues !== undefined && code === 'not_found'
}

/** @returns what a task is known by inside */
export function keyOf(scope: string, id: string): string {
  return `${scope} ${id}`
}

/**
 * A call may need the word of a person here and of one at the peer: both are shown with the next one. Where it brings
 * answers, the next one brings them again: they are what is approved.
 */
function withEarlierApprovals(outcome: CallOutcome, { approval = [], continues }: InvokeOptions): CallOutcome {
  if (outcome.waits?.for !== 'approval') return outcome
  const earlier = typeof approval === 'string' ? [approval] : approval
  const ids = [...new Set([...earlier, ...outcome.waits.ids])].slice(-4)
  return { ...outcome, waits: { for: 'approval', ids, ...(continues === undefined ? {} : { continues }) } }
}

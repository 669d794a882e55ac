/**
 * Tasks of A2A: each is one call of the kernel, or a few that continue one another. A task goes on whoever listens, is
 * kept over a restart, and belongs to whoever sent its first message: for everybody else there is no such task.
 */
import {
  type A2aAnswer,
  type A2aCancelTask,
  type A2aGetTask,
  type A2aListTasks,
  type A2aMessage,
  type A2aSend,
  type A2aSubscribe,
  type A2aTask,
  HANSA_EXTENSION,
  type InvokeOptions,
  isInterrupted,
  isTerminal,
} from '@hansa/protocols'
import { canonicalJson, encodeBase64url, randomId, sha256 } from '@hansa/trust'
import { type ControlCaller, ownerOf } from '../control/control-caller.ts'
import type { ControlledKernel } from '../control/controlled-kernel.ts'
import { invokeOptions } from '../control/invoke-options.ts'
import { A2aFault, faultOfA2a, internalFault, invalidParams, taskNotFound } from './a2a-fault.ts'
import { chosenCall } from './chosen-call.ts'
import { givenAnswers } from './given-answers.ts'
import { openToVisitor } from './open-to-visitor.ts'
import { TaskEvents, type TaskFollower } from './task-events.ts'
import { keyOf, type TaskRun, TaskRuns, type TaskRunsComponents } from './task-runs.ts'
import {
  MAX_HISTORY_CHARS,
  MAX_TASK_CHARS_OF_OWNER,
  MAX_TASKS_OF_OWNER,
  type NoRoom,
  type StoredTask,
  type TakenMessage,
  type TaskCall,
} from './task-store.ts'
import { isShownTo, shownTasks } from './task-visibility.ts'

/** Who asks. */
export type Visitor = { caller: ControlCaller; principal: string; tenant?: string | undefined }

export type TaskDeskSettings = {
  /** What a message that names no capability is for. @default such messages are refused */
  defaultCapability?: string
  /** Milliseconds that a call has. */
  deadlineMs: number
  /** Milliseconds for which a task is kept that has ended, or waits for an answer. */
  keepMs: number
}

export type TaskDeskComponents = Omit<TaskRunsComponents, 'events' | 'kernel'> & {
  kernel: Pick<ControlledKernel, 'invoke' | 'open'>
}

type Taken = { scope: string; id: string; key: string; run: TaskRun | undefined }

export class TaskDesk implements AsyncDisposable {
  readonly #settings: TaskDeskSettings
  readonly #c: TaskDeskComponents
  readonly #events = new TaskEvents()
  readonly #runs: TaskRuns
  /** Tasks that a message is being taken for. */
  readonly #taking = new Set<string>()
  readonly #closing = new AbortController()

  private constructor(settings: TaskDeskSettings, components: TaskDeskComponents) {
    this.#settings = settings
    this.#c = components
    this.#runs = new TaskRuns({ ...components, events: this.#events })
  }

  /** Closes what a stop has cut off, and is then ready. */
  static async open(settings: TaskDeskSettings, components: TaskDeskComponents): Promise<TaskDesk> {
    const desk = new TaskDesk(settings, components)
    for (const { scope, stored } of await components.store.running())
      await desk.#runs.conclude(scope, stored, cutOff(stored.call))
    return desk
  }

  /** Waits until the task has ended or waits, unless the message says otherwise. @throws A2aFault */
  async send(params: A2aSend, visitor: Visitor): Promise<A2aAnswer> {
    const { historyLength, returnImmediately = false } = params.configuration ?? {}
    const { scope, id, run } = await this.#take(params, visitor)
    if (!returnImmediately && run !== undefined) {
      const refused = await run.ended
      if (refused !== undefined && run.first) {
        // Nobody was told of the task, and nothing was done for it.
        await this.#c.store.remove(scope, id)
        throw faultOfA2a(refused) ?? internalFault()
      }
    }
    const { task } = run?.stored ?? (await this.#load(scope, id))
    return { task: withHistory(task, historyLength) }
  }

  /** The first event is the task. @throws A2aFault */
  async stream(params: A2aSend, visitor: Visitor): Promise<TaskFollower> {
    const { scope, id, key, run } = await this.#take(params, visitor)
    const { task } = run?.stored ?? (await this.#load(scope, id))
    const follower = this.#events.follow(key, { task: withHistory(task, params.configuration?.historyLength) })
    if (run === undefined || isOver(task)) follower.end()
    return follower
  }

  async get({ id, historyLength }: A2aGetTask, visitor: Visitor): Promise<A2aTask> {
    return withHistory((await this.#shown(visitor, id)).task, historyLength)
  }

  async list(query: A2aListTasks, visitor: Visitor) {
    const { pageSize = 50, includeArtifacts = false, historyLength } = query
    const page = await this.#c.store.list(scopeOf(visitor), { ...query, pageSize })
    if (page === undefined) throw invalidParams('The pageToken is none that this kernel has given.')
    const { nextPageToken, totalSize } = page
    const tasks = shownTasks(visitor, page.tasks).map((kept) => {
      const { artifacts = [], ...task } = withHistory(kept, historyLength)
      return includeArtifacts ? { ...task, artifacts } : task
    })
    return { tasks, nextPageToken, pageSize, totalSize }
  }

  /** @throws A2aFault for a task that has ended otherwise */
  async cancel({ id }: A2aCancelTask, visitor: Visitor): Promise<A2aTask> {
    const scope = scopeOf(visitor)
    const stored = await this.#shown(visitor, id)
    const run = this.#runs.find(keyOf(scope, id))
    if (run !== undefined) {
      run.cancel()
      await run.ended
      return canceledOrFault(run.stored.task)
    }
    if (isTerminal(stored.task.status.state)) return canceledOrFault(stored.task)
    const { capability } = stored.call
    await this.#runs.conclude(scope, stored, { state: 'TASK_STATE_CANCELED', facts: { capability } })
    return stored.task
  }

  /** The first event is the task as it is. @throws A2aFault for one that has ended */
  async subscribe({ id }: A2aSubscribe, visitor: Visitor): Promise<TaskFollower> {
    const { task } = await this.#shown(visitor, id)
    if (isTerminal(task.status.state)) throw unsupported('The task has ended: get it with GetTask.')
    return this.#events.follow(keyOf(scopeOf(visitor), id), { task: structuredClone(task) })
  }

  /** @returns the scope of a task of this visitor. @throws A2aFault when there is none */
  async scopeOfTask(id: string, visitor: Visitor): Promise<string> {
    await this.#shown(visitor, id)
    return scopeOf(visitor)
  }

  /** Cancels every call that is under way, and ends every stream. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the node is stopping'))
    await this.#runs.ended()
    this.#events.endAll()
  }

  /** @throws A2aFault where there is none for this visitor */
  async #shown(visitor: Visitor, id: string): Promise<StoredTask> {
    const scope = scopeOf(visitor)
    const stored = this.#runs.find(keyOf(scope, id))?.stored ?? (await this.#load(scope, id))
    if (isShownTo(visitor, stored.call.capability)) return stored
    throw taskNotFound()
  }

  async #load(scope: string, id: string): Promise<StoredTask> {
    const stored = await this.#c.store.load(scope, id)
    if (stored === undefined) throw taskNotFound()
    return stored
  }

  /** Takes a message: for a new task, or for one that waits. One that was taken before stands for its task. */
  async #take(params: A2aSend, visitor: Visitor): Promise<Taken> {
    const scope = scopeOf(visitor)
    const { message } = params
    const digest = digestOf(message)
    // Who says something else under an id that was used says something else.
    const taken = { id: `${message.messageId} ${digest}`, digest }
    const known = await this.#c.store.taskOf(scope, taken.id)
    const begun = known === undefined ? await this.#handle(scope, params, taken, visitor) : known.taskId
    const id = typeof begun === 'string' ? begun : begun.stored.task.id
    if (typeof begun === 'string') await this.#shown(visitor, id)
    const key = keyOf(scope, id)
    return { scope, id, key, run: typeof begun === 'string' ? this.#runs.find(key) : begun }
  }

  async #handle(scope: string, params: A2aSend, taken: TakenMessage, visitor: Visitor): Promise<TaskRun | string> {
    const { taskId } = params.message
    if (taskId === undefined) return this.#begin(scope, params, taken, visitor)
    const key = keyOf(scope, taskId)
    if (this.#taking.has(key)) throw working()
    this.#taking.add(key)
    try {
      return await this.#goOn(scope, taskId, params, taken, visitor)
    } finally {
      this.#taking.delete(key)
    }
  }

  async #begin(scope: string, params: A2aSend, taken: TakenMessage, visitor: Visitor): Promise<TaskRun | string> {
    const { clock, webhooks } = this.#c
    const { message } = params
    const contextId = message.contextId ?? randomId()
    const call = await this.#callOf(params, contextId, visitor)
    // Before anything is kept: what the caller may not say at all is not a task.
    const options = this.#optionsOf(call, visitor)
    const owner = ownerOf(visitor.caller)
    this.#runs.roomFor(owner)
    const webhook = params.configuration?.taskPushNotificationConfig
    if (webhook !== undefined) webhooks.check(webhook)
    const id = randomId()
    const task: A2aTask = {
      id,
      contextId,
      status: { state: 'TASK_STATE_SUBMITTED', timestamp: new Date(clock.now()).toISOString() },
      history: [{ ...message, taskId: id, contextId }],
      metadata: { [HANSA_EXTENSION]: { capability: call.capability } },
    }
    const stored: StoredTask = { owner, task, call, updatedMs: clock.now() }
    const before = await this.#keep(scope, stored, taken)
    if (before !== undefined) return before
    if (webhook !== undefined) await webhooks.put(scope, id, webhook)
    return this.#runs.start({ scope, stored, first: true, options })
  }

  async #callOf(params: A2aSend, contextId: string, visitor: Visitor): Promise<TaskCall> {
    const open = await openToVisitor(this.#c.kernel, visitor)
    const find = (ref: string) => open.find((one) => one.ref === ref)
    const { defaultCapability } = this.#settings
    return chosenCall({ params, contextId, find, ...(defaultCapability === undefined ? {} : { defaultCapability }) })
  }

  /** A message to a task that waits continues the call that it waits for. */
  async #goOn(
    scope: string,
    id: string,
    params: A2aSend,
    taken: TakenMessage,
    visitor: Visitor,
  ): Promise<TaskRun | string> {
    const { message, configuration } = params
    if (this.#runs.find(keyOf(scope, id)) !== undefined) throw working()
    const { task, call } = await this.#shown(visitor, id)
    if (message.contextId !== undefined && message.contextId !== task.contextId)
      throw invalidParams('The contextId is not that of the task.')
    if (isTerminal(task.status.state)) throw unsupported('The task has ended and takes no more messages.')
    const { waits, ...asked } = call
    if (waits === undefined) throw working()
    const more: InvokeOptions =
      waits.for === 'approval'
        ? { approval: waits.ids, ...(waits.continues === undefined ? {} : { continues: waits.continues }) }
        : { continues: { callId: waits.callId, responses: givenAnswers(waits.requests, message) } }
    const options = { ...this.#optionsOf(asked, visitor), ...more }
    const owner = ownerOf(visitor.caller)
    this.#runs.roomFor(owner)
    const webhook = configuration?.taskPushNotificationConfig
    if (webhook !== undefined) await this.#c.webhooks.put(scope, id, webhook)
    const said = { ...message, taskId: id, contextId: task.contextId }
    const next: A2aTask = { ...task, history: [...(task.history ?? []), said] }
    if (JSON.stringify(next.history).length > MAX_HISTORY_CHARS)
      throw exhausted('The messages of this task fill their room; cancel it and begin another one.')
    const stored: StoredTask = { owner, task: next, call: asked, updatedMs: this.#c.clock.now() }
    const before = await this.#keep(scope, stored, taken)
    if (before !== undefined) return before
    return this.#runs.start({ scope, stored, first: false, options })
  }

  /** @returns the task that has taken the message before. @throws A2aFault when there is no room */
  async #keep(scope: string, stored: StoredTask, taken: TakenMessage): Promise<string | undefined> {
    const kept = await this.#c.store.take(scope, stored, taken, this.#c.clock.now() - this.#settings.keepMs)
    if (kept.kept) return undefined
    if ('before' in kept) return kept.before.taskId
    throw noRoom[kept.full]()
  }

  /** @throws CallError `policy_denied` for what is not the visitor's to say */
  #optionsOf({ capability, args: _args, waits: _waits, labels, ...said }: TaskCall, { caller, principal }: Visitor) {
    const ends = caller.scope === 'agent' ? [caller.agent.removed] : []
    const signal = AbortSignal.any([this.#closing.signal, ...ends])
    const { deadlineMs } = this.#settings
    const given = { ...said, deadlineMs, ...(labels === undefined ? {} : { labels: [...labels] }) }
    return invokeOptions(capability, given, { caller, principal, signal })
  }
}

/** Who shows what, whom it acts for and the tenant: tasks of another scope are not there. */
function scopeOf({ caller, principal, tenant = '' }: Visitor): string {
  const onBehalfOf = caller.scope === 'agent' ? caller.agent.onBehalfOf : undefined
  return canonicalJson([ownerOf(caller), principal, tenant, ...(onBehalfOf === undefined ? [] : [onBehalfOf])])
}

function digestOf(message: A2aMessage): string {
  return encodeBase64url(sha256(canonicalJson(message)))
}

function unsupported(message: string): A2aFault {
  return new A2aFault({ code: 'UnsupportedOperationError' }, message)
}

function working(): A2aFault {
  return unsupported('The task is at work: it takes a message when it asks for one.')
}

const noRoom: Readonly<Record<NoRoom, () => A2aFault>> = {
  tasks: () => exhausted(`You have ${MAX_TASKS_OF_OWNER} tasks that have not ended; answer or cancel some.`),
  bytes: () =>
    exhausted(
      `Your tasks that have not ended fill the ${MAX_TASK_CHARS_OF_OWNER / 1_048_576} MiB that are yours; answer or cancel some.`,
    ),
  node: () =>
    new A2aFault({ code: 'UnavailableError' }, 'Tasks that have not ended fill this node; try again when some have.'),
}

function exhausted(message: string): A2aFault {
  return new A2aFault({ code: 'ResourceExhaustedError' }, message)
}

function cutOff({ capability }: TaskCall) {
  const text =
    'The node stopped while this was under way: it may or may not have happened. The log says how far it came.'
  const parts = [{ text, mediaType: 'text/plain' }]
  return { state: 'TASK_STATE_FAILED' as const, parts, facts: { capability, code: 'outcome_unknown' as const } }
}

function canceledOrFault(task: A2aTask): A2aTask {
  if (task.status.state === 'TASK_STATE_CANCELED') return structuredClone(task)
  throw new A2aFault({ code: 'TaskNotCancelableError' }, 'The task ended before it could be canceled.')
}

function isOver({ status: { state } }: A2aTask): boolean {
  return isTerminal(state) || isInterrupted(state)
}

/** @param length unset for all of it */
function withHistory(task: A2aTask, length: number | undefined): A2aTask {
  const { history = [], ...rest } = structuredClone(task)
  if (length === 0) return rest
  return { ...rest, history: length === undefined ? history : history.slice(-length) }
}

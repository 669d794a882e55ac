/**
 * Serves a capability of kind `task` with an agent of somebody else, by A2A. What the agent says is content of a
 * stranger; what it asks for is asked of the caller, where that can answer; what it does after that is not known here.
 */
import {
  type A2aEvent,
  type A2aPart,
  type A2aTask,
  type A2aTaskState,
  type Clock,
  type Content,
  contentOfParts,
  contentSchema,
  type InputMethod,
  isTerminal,
  type Label,
  partsOfContent,
  taskArgumentsSchema,
} from '@hansa/protocols'
import { LRUCache } from 'lru-cache'
import { pause } from '../pause.ts'
import type { A2aAgent, A2aMessageToSend } from './a2a-agent.ts'
import { type Driver, type DriverAnswer, type DriverCall, driver } from './driver.ts'
import { DriverError } from './errors.ts'

export type A2aDriverInit = {
  agent: A2aAgent
  /** Labels of arguments that the agent may be sent. */
  clearance: readonly Label[]
  clock: Clock
  /** Asked before each message; what it throws ends the call. */
  confirm(signal: AbortSignal): Promise<void>
  /** What messages are for, where the agent can be told. @default the agent finds out by itself */
  capability?(): string | undefined
}

/** Conversations of which it is remembered what the agent calls them. */
const MAX_CONVERSATIONS = 1_000
/** Milliseconds between two looks at a task of an agent that does not stream. */
const POLL_MS = 1_000
/** Artifacts of one task. */
const MAX_ARTIFACTS = 256

/** What a call leaves that asks its caller. */
type Waiting = { taskId: string; contextId?: string }

export function a2aDriver({ agent, clearance, clock, confirm, capability }: A2aDriverInit): Driver {
  const conversations = new LRUCache<string, string>({ max: MAX_CONVERSATIONS })
  const made = driver(async (call, began) => {
    const { context } = taskArgumentsSchema.parse(call.args)
    const name = context === undefined ? undefined : `${call.principal} ${context}`
    await confirm(call.signal)
    const told = new Told(agent, clock, call)
    began()
    try {
      const named = capability?.()
      const message = messageFor(call, name && conversations.get(name))
      const answer = await told.answer(named === undefined ? message : { ...message, capability: named })
      if (name !== undefined && told.contextId !== undefined) conversations.set(name, told.contextId)
      return answer
    } finally {
      // Whoever called has gone: nobody waits for what the agent would still do.
      if (call.signal.aborted && told.taskId !== undefined) void agent.cancel(told.taskId)
    }
  })
  return { clearance, invoke: (call) => made.invoke(call), [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() }
}

function messageFor(call: DriverCall, contextId: string | undefined): A2aMessageToSend {
  const { continued, callId } = call
  // The id of the call: a message that is sent twice by whatever lies between is the same one.
  if (continued === undefined) {
    const { message } = taskArgumentsSchema.parse(call.args)
    return { messageId: callId, parts: partsOfContent(message), ...(contextId === undefined ? {} : { contextId }) }
  }
  const waiting = continued.state as Waiting
  const parts = Object.values(continued.responses).flatMap(({ content }) => {
    const given = contentSchema.safeParse(content)
    return given.success ? partsOfContent(given.data) : []
  })
  if (parts.length === 0)
    throw new DriverError({ code: 'arguments_unusable', began: false, reason: 'the answer holds no content' })
  return { messageId: callId, parts, ...waiting }
}

/** What an agent has said of one task so far. */
class Told {
  taskId: string | undefined
  contextId: string | undefined
  readonly #agent: A2aAgent
  readonly #clock: Clock
  readonly #call: DriverCall
  readonly #artifacts = new Map<string, A2aPart[]>()
  #state: A2aTaskState = 'TASK_STATE_SUBMITTED'
  #said: A2aPart[] = []
  #message: A2aPart[] | undefined

  constructor(agent: A2aAgent, clock: Clock, call: DriverCall) {
    this.#agent = agent
    this.#clock = clock
    this.#call = call
  }

  async answer(message: A2aMessageToSend): Promise<DriverAnswer> {
    const { signal } = this.#call
    for await (const event of this.#agent.send(message, signal)) this.#take(event)
    if (this.#message !== undefined) return content(this.#message)
    while (!isTerminal(this.#state) && !waits(this.#state)) {
      if (this.taskId === undefined)
        throw new DriverError({ code: 'answer_unusable', began: true, reason: 'the agent said nothing of a task' })
      await pause(this.#clock, POLL_MS, signal)
      signal.throwIfAborted()
      this.#take(await this.#agent.get(this.taskId, signal))
    }
    return this.#ending()
  }

  #take(event: A2aEvent): void {
    if ('message' in event) this.#message = event.message.parts
    else if ('task' in event) this.#takeTask(event.task)
    else if ('statusUpdate' in event) {
      const { taskId, contextId, status } = event.statusUpdate
      this.#is(taskId, contextId)
      this.#state = status.state
      this.#said = status.message?.parts ?? []
      if (!isTerminal(this.#state) && !waits(this.#state)) this.#note(this.#said)
    } else {
      const { taskId, contextId, artifact, append = false } = event.artifactUpdate
      this.#is(taskId, contextId)
      const before = append ? (this.#artifacts.get(artifact.artifactId) ?? []) : []
      this.#keep(artifact.artifactId, [...before, ...artifact.parts])
    }
  }

  #takeTask({ id, contextId, status, artifacts = [] }: A2aTask): void {
    this.#is(id, contextId)
    this.#state = status.state
    this.#said = status.message?.parts ?? []
    for (const { artifactId, parts } of artifacts) this.#keep(artifactId, parts)
  }

  /** An agent that speaks of another task in between is not believed. */
  #is(taskId: string, contextId: string | undefined): void {
    if (this.taskId !== undefined && this.taskId !== taskId)
      throw new DriverError({ code: 'answer_unusable', began: true, reason: 'the agent speaks of another task' })
    this.taskId = taskId
    this.contextId = contextId ?? this.contextId
  }

  #keep(artifactId: string, parts: A2aPart[]): void {
    this.#artifacts.set(artifactId, parts)
    if (this.#artifacts.size > MAX_ARTIFACTS)
      throw new DriverError({ code: 'answer_too_large', began: true, reason: `more than ${MAX_ARTIFACTS} artifacts` })
  }

  #note(parts: A2aPart[]): void {
    const text = textOf(parts)
    if (text !== '') this.#call.note({ type: 'log', level: 'info', data: text.slice(0, 500).toWellFormed() })
  }

  #ending(): DriverAnswer {
    const said = [...this.#artifacts.values(), this.#said].flat()
    if (this.#state === 'TASK_STATE_COMPLETED') return content(said)
    if (isTerminal(this.#state)) {
      const words = said.length > 0 ? said : [{ text: `The agent ended the task: ${this.#state}` }]
      return { ...content(words), isError: true }
    }
    return this.#asks()
  }

  #asks(): DriverAnswer {
    const { taskId = '', contextId } = this
    const method: InputMethod = this.#state === 'TASK_STATE_AUTH_REQUIRED' ? 'authorization' : 'message'
    const abandon = () => void this.#agent.cancel(taskId)
    if (!this.#call.accepts.includes(method)) {
      abandon()
      const text = 'The agent asks for more than its caller can answer, and was told to stop.'
      return { ...content([...this.#said, { text }]), isError: true }
    }
    const state: Waiting = { taskId, ...(contextId === undefined ? {} : { contextId }) }
    const requests = { [method]: { method, params: { content: contentOfParts(this.#said) } } }
    return { kind: 'input_required', requests, state, abandon }
  }
}

function waits(state: A2aTaskState): boolean {
  return state === 'TASK_STATE_INPUT_REQUIRED' || state === 'TASK_STATE_AUTH_REQUIRED'
}

function content(parts: readonly A2aPart[]): Extract<DriverAnswer, { kind: 'content' }> {
  const read: Content = contentOfParts(parts)
  if (contentSchema.safeParse(read).success) return { kind: 'content', content: read }
  throw new DriverError({ code: 'answer_unusable', began: true, reason: 'what the agent answers cannot be carried' })
}

function textOf(parts: readonly A2aPart[]): string {
  return parts.flatMap(({ text }) => text ?? []).join(' ')
}

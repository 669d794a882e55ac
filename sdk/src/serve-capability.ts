/**
 * Serves one capability from this process: reads the calls that the node sends, runs the handler, posts its answers.
 * Calls come for as long as the stream stands; then the capability is unavailable until it is registered again.
 */
import {
  CallError,
  type CallNote,
  type CapabilityDefinition,
  type CapabilityHandler,
  type CapabilityId,
  ContentAnswer,
  controlPaths,
  InputRequired,
  type InvocationContext,
  type RegisterParams,
  type Registration,
  type ServeEvent,
  type ServeReply,
  serveEventSchema,
} from '@hansa/protocols'
import type { ControlClient } from './control-client.ts'
import { ConnectError } from './errors.ts'
import { gathered } from './gathered.ts'
import { OpenQuestions } from './open-questions.ts'
import { schemaText } from './schema-text.ts'

export interface ServedRegistration extends Registration {
  /**
   * Resolves when no more calls come: with nothing after `unregister` or once the client was disposed of, else with why
   * the stream ended. It does not come back by itself: connect and register again.
   */
  readonly ended: Promise<Error | undefined>
}

/** What the client itself does with a registration. */
export interface ServedCapability extends ServedRegistration {
  /** Closes the stream: the capability stays listed, unavailable until it is registered again. */
  leave(): Promise<void>
}

/** @throws CallError when the node refuses the definition; ConnectError */
export async function serveCapability(
  client: ControlClient,
  definition: CapabilityDefinition,
  handler: CapabilityHandler,
): Promise<ServedCapability> {
  const stop = new AbortController()
  const lines = await client.lines(controlPaths.serve, registerParams(definition), stop.signal)
  const events = lines[Symbol.asyncIterator]()
  const first = await nextEvent(events)
  if (first?.type !== 'registered') {
    stop.abort()
    throw new CallError({ code: 'internal' }, 'internal: the node ended the stream before it offered the capability.')
  }
  const structured = definition.output !== undefined
  return new Served({ client, handler, structured, events, stop, id: first.registration, capability: first.capability })
}

type Outcome = Pick<ServeReply, 'ok' | 'content' | 'asks'> & { value?: unknown }

type ServedInit = {
  client: ControlClient
  handler: CapabilityHandler
  /** Whether it declares an output schema. */
  structured: boolean
  events: AsyncIterator<unknown>
  stop: AbortController
  id: string
  capability: CapabilityId
}

class Served implements ServedCapability {
  readonly capability: CapabilityId
  readonly ended: Promise<Error | undefined>
  readonly #init: ServedInit
  readonly #running = new Map<string, AbortController>()
  readonly #questions = new OpenQuestions()
  #closing = false

  constructor(init: ServedInit) {
    this.#init = init
    this.capability = init.capability
    this.ended = this.#serve()
  }

  async unregister(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true
      await this.#end()
      this.#init.stop.abort()
    }
    await this.ended
  }

  async leave(): Promise<void> {
    this.#closing = true
    this.#init.stop.abort()
    await this.ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unregister()
  }

  async #serve(): Promise<Error | undefined> {
    const failure = await this.#readEvents()
    const reason = new Error('the capability is no longer offered')
    for (const running of this.#running.values()) running.abort(reason)
    return this.#closing ? undefined : failure
  }

  async #readEvents(): Promise<Error> {
    try {
      for (;;) {
        const event = await nextEvent(this.#init.events)
        if (event === undefined) return new Error('the node ended the registration')
        if (event.type === 'invoke') void this.#invoke(event)
        else if (event.type === 'cancel') this.#running.get(event.id)?.abort(new Error('the call was cancelled'))
      }
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  async #invoke(event: Extract<ServeEvent, { type: 'invoke' }>): Promise<void> {
    const { id, callId, principal, args, accepts = [], continued } = event
    const cancel = new AbortController()
    this.#running.set(id, cancel)
    const said = this.#notesOf(id)
    const context = { callId, principal, signal: cancel.signal, accepts, note: said.note }
    const outcome = await this.#continue(args, context, continued)
    await said.settled()
    this.#running.delete(id)
    if (cancel.signal.aborted) return
    const { client, id: registration } = this.#init
    // An answer that is too large or late is refused: the node has failed the call by itself, or does now.
    await client.post(controlPaths.answer, { registration, id, ...outcome }).catch(async (error: unknown) => {
      if (!outcome.ok || !(error instanceof CallError)) return
      await client.post(controlPaths.answer, { registration, id, ok: false }).catch(() => {})
    })
  }

  /** What the call before this one left may be of another run of this process; then nobody can go on from it. */
  #continue(
    args: unknown,
    context: InvocationContext,
    continued: Extract<ServeEvent, { type: 'invoke' }>['continued'],
  ): Promise<Outcome> {
    if (continued === undefined) return this.#run(args, context)
    const { responses, state: name } = continued
    const { found, state } = this.#questions.take(name)
    return found ? this.#run(args, { ...context, continued: { responses, state } }) : Promise.resolve({ ok: false })
  }

  /** One after the other, and before the answer. A note that does not arrive changes nothing. */
  #notesOf(id: string): { note(note: CallNote): void; settled(): Promise<unknown> } {
    const { client, id: registration } = this.#init
    let last: Promise<unknown> = Promise.resolve()
    return {
      note(note) {
        last = last.then(() => client.post(controlPaths.note, { registration, id, note })).catch(() => {})
      },
      settled: () => last,
    }
  }

  async #run(args: unknown, context: InvocationContext): Promise<Outcome> {
    try {
      const value = await gathered(await this.#init.handler(args, context), this.#init.structured, context)
      if (value instanceof InputRequired)
        return { ok: true, asks: { requests: value.requests, state: this.#questions.keep(value.state) } }
      if (value instanceof ContentAnswer)
        return { ok: true, content: { content: value.content, ...(value.isError ? { isError: true as const } : {}) } }
      // A function or a symbol has no JSON text; a cycle or a BigInt throws.
      if (value !== undefined && JSON.stringify(value) === undefined) return { ok: false }
      return { ok: true, value: value ?? null }
    } catch {
      return { ok: false }
    }
  }

  async #end(): Promise<void> {
    try {
      await this.#init.client.post(controlPaths.end, { registration: this.#init.id })
    } catch (error) {
      // Already ended, or the node is gone: either way nothing is offered any more.
      if (!(error instanceof CallError || error instanceof ConnectError)) throw error
    }
  }
}

/** @returns undefined at the end of the stream. Lines of a kind that this version does not know are passed over. */
async function nextEvent(events: AsyncIterator<unknown>): Promise<ServeEvent | undefined> {
  for (;;) {
    const next = await events.next()
    if (next.done === true) return undefined
    const event = serveEventSchema.safeParse(next.value)
    if (event.success) return event.data
  }
}

function registerParams({ input, output, ...definition }: CapabilityDefinition): object {
  const params: Omit<RegisterParams, 'sensitivity' | 'tags' | 'obligations' | 'canary'> & object = {
    ...definition,
    ...(input !== undefined && { input: schemaText(input, 'input') }),
    ...(output !== undefined && { output: schemaText(output, 'output') }),
  }
  return params
}

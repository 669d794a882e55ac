/** Speaks to an agent of somebody else by the client of the SDK, over requests that follow the rules of this node. */
import { type StreamResponse as SdkEvent, SendMessageRequest, StreamResponse, type Task } from '@a2a-js/sdk'
import {
  JsonRpcTransportFactory,
  RestTransportFactory,
  ServiceParameters,
  type Transport,
  withA2AVersion,
} from '@a2a-js/sdk/client'
import type { GuardedStream } from '@hansa/mesh'
import {
  A2A_VERSION,
  type A2aEvent,
  type AgentInterface,
  a2aEventSchema,
  HANSA_EXTENSION,
  MAX_RESULT_BYTES,
} from '@hansa/protocols'
import type { A2aAgent, A2aMessageToSend } from '../../drivers/a2a-agent.ts'
import { DriverError } from '../../drivers/index.ts'
import { boundedFetch } from './bounded-fetch.ts'

export type AgentClientInit = {
  at: AgentInterface
  streaming: boolean
  /** Sent with every request; credentials of the operator. */
  headers: Readonly<Record<string, string>>
  request: GuardedStream
}

/** Events that are taken of one message. */
const MAX_EVENTS = 10_000
/** Milliseconds that an agent has to take notice of the end of a task. */
const CANCEL_MS = 5_000

export function agentClient(init: AgentClientInit): A2aAgent {
  const { at, streaming } = init
  const options = (signal: AbortSignal) => ({
    signal,
    serviceParameters: ServiceParameters.create(withA2AVersion(A2A_VERSION)),
  })
  let opened: Promise<Transport> | undefined
  const transport = () => {
    opened ??= open(init)
    return opened
  }
  return {
    async *send(message, signal) {
      const params = SendMessageRequest.fromJSON(requestOf(message, at.tenant))
      const asked = await transport()
      try {
        if (streaming) yield* checked(asked.sendMessageStream(params, options(signal)))
        else {
          const answer = await asked.sendMessage(params, options(signal))
          yield eventOf('messageId' in answer ? { payload: { $case: 'message', value: answer } } : taskEvent(answer))
        }
      } catch (error) {
        throw asDriverError(error, signal)
      }
    },
    async get(id, signal) {
      try {
        return eventOf(taskEvent(await (await transport()).getTask({ tenant: at.tenant ?? '', id }, options(signal))))
      } catch (error) {
        throw asDriverError(error, signal)
      }
    },
    async cancel(id) {
      const asked = { tenant: at.tenant ?? '', id, metadata: undefined }
      await (await transport()).cancelTask(asked, options(AbortSignal.timeout(CANCEL_MS))).catch(() => {})
    },
  }
}

function open({ at, headers, request }: AgentClientInit): Promise<Transport> {
  const fetchImpl = boundedFetch({ request, headers, maxBytes: 2 * MAX_RESULT_BYTES })
  const factory =
    at.protocolBinding === 'JSONRPC'
      ? new JsonRpcTransportFactory({ fetchImpl })
      : new RestTransportFactory({ fetchImpl })
  // The card has been read and judged already: of it a transport needs nothing but the URL.
  return factory.create(at.url, {} as never)
}

function requestOf({ messageId, parts, taskId, contextId, capability }: A2aMessageToSend, tenant: string | undefined) {
  const said =
    capability === undefined ? {} : { extensions: [HANSA_EXTENSION], metadata: { [HANSA_EXTENSION]: { capability } } }
  const message = { messageId, role: 'ROLE_USER', parts, taskId, contextId, ...said }
  return { tenant: tenant ?? '', message, configuration: { acceptedOutputModes: [], returnImmediately: false } }
}

async function* checked(events: AsyncIterable<SdkEvent>): AsyncGenerator<A2aEvent, void, undefined> {
  let count = 0
  for await (const event of events) {
    count += 1
    if (count > MAX_EVENTS) throw unusable(`more than ${MAX_EVENTS} events`)
    yield eventOf(event)
  }
}

function taskEvent(value: Task): SdkEvent {
  return { payload: { $case: 'task', value } }
}

/** What the SDK has read is written as ProtoJSON again, and checked as every message is. */
function eventOf(event: SdkEvent): A2aEvent {
  const read = a2aEventSchema.safeParse(StreamResponse.toJSON(event))
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw unusable(`an event is malformed: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.slice(0, 256))
}

function unusable(reason: string): DriverError {
  return new DriverError({ code: 'answer_unusable', began: true, reason })
}

/** What the agent says of a refusal is a stranger's text: it stays in the log. */
function asDriverError(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof DriverError || signal.aborted) return error
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, 512)
  const { cause } = error instanceof Error ? error : { cause: undefined }
  if (cause instanceof DriverError) return cause
  return new DriverError({ code: 'backend_failed', began: true, reason }, { cause: error })
}

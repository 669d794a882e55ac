/**
 * A2A over gRPC (A2A 1.0, section 10): the encoding of the SDK, and the operations that the other bindings have. It
 * listens on this machine alone, and is loaded only by a node that is asked for it.
 */
import {
  AgentCard,
  CancelTaskRequest,
  DeleteTaskPushNotificationConfigRequest,
  GetExtendedAgentCardRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  SendMessageRequest,
  SendMessageResponse,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
} from '@a2a-js/sdk'
import { buildGrpcErrorMetadata } from '@a2a-js/sdk/errors/grpc'
import { A2AService } from '@a2a-js/sdk/server/grpc'
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { A2A_VERSION, type A2aOperation, a2aWire, type Clock, type EventLogger } from '@hansa/protocols'
import type { ControlledKernel } from '../../control/controlled-kernel.ts'
import { guessBudget } from '../../control/guess-budget.ts'
import { A2aFault, type A2aFaultDetail } from '../a2a-fault.ts'
import type { A2aRequest, A2aService } from '../a2a-service.ts'
import type { TaskFollower } from '../task-events.ts'
import { faultOfService, sdkErrorOf } from './service-request-handler.ts'

export type GrpcListenerInit = {
  service: A2aService
  kernel: Pick<ControlledKernel, 'identifyAgent'>
  host: string
  port: number
  /** Bytes of a message. */
  maxBytes: number
  clock: Clock
  logger: EventLogger
}

export interface GrpcListener extends AsyncDisposable {
  /** `HOST:PORT`, as cards name it. */
  readonly at: string
}

type Call = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>
/** Of a message, ProtoJSON and the form that the SDK encodes. */
type Codec = { params: { toJSON(given: never): unknown }; result: { fromJSON(json: unknown): unknown } }

const codecs: Readonly<Record<A2aOperation, Codec>> = {
  SendMessage: { params: SendMessageRequest, result: SendMessageResponse },
  SendStreamingMessage: { params: SendMessageRequest, result: StreamResponse },
  GetTask: { params: GetTaskRequest, result: Task },
  ListTasks: { params: ListTasksRequest, result: ListTasksResponse },
  CancelTask: { params: CancelTaskRequest, result: Task },
  SubscribeToTask: { params: SubscribeToTaskRequest, result: StreamResponse },
  CreateTaskPushNotificationConfig: { params: TaskPushNotificationConfig, result: TaskPushNotificationConfig },
  GetTaskPushNotificationConfig: { params: GetTaskPushNotificationConfigRequest, result: TaskPushNotificationConfig },
  ListTaskPushNotificationConfigs: {
    params: ListTaskPushNotificationConfigsRequest,
    result: ListTaskPushNotificationConfigsResponse,
  },
  DeleteTaskPushNotificationConfig: {
    params: DeleteTaskPushNotificationConfigRequest,
    result: { fromJSON: () => ({}) },
  },
  GetExtendedAgentCard: { params: GetExtendedAgentCardRequest, result: AgentCard },
}

/** Calls of one connection at the same time. */
const MAX_STREAMS = 512

/** @throws Error when the port is taken */
export async function grpcListener(init: GrpcListenerInit): Promise<GrpcListener> {
  const { host, port, maxBytes } = init
  const server = new Server({
    'grpc.max_receive_message_length': maxBytes,
    'grpc.max_concurrent_streams': MAX_STREAMS,
  })
  const admit = admission(init)
  const operations = Object.keys(codecs) as A2aOperation[]
  server.addService(A2AService, Object.fromEntries(operations.map((name) => handlerOf(name, init, admit))))
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (fault, taken) => {
      if (fault === null) return resolve(taken)
      const message = `a2a.grpc_listen: nothing can listen at ${host}:${port}; choose another port, or 0 for a free one.`
      reject(new Error(message, { cause: fault }))
    })
  })
  return { at: `${host}:${bound}`, [Symbol.asyncDispose]: async () => server.forceShutdown() }
}

type Admit = (call: Call) => Promise<A2aRequest>

function handlerOf(name: A2aOperation, { service, logger }: GrpcListenerInit, admit: Admit) {
  const { params, result } = codecs[name]
  const ask = async (call: Call) => {
    const request = await admit(call)
    const reply = await service(name, withoutEmpty(params.toJSON(call.request as never)), request)
    if (reply.kind === 'stream') leaveWith(call, request, reply.follower)
    return reply
  }
  const unary = (call: ServerUnaryCall<unknown, unknown>, done: sendUnaryData<unknown>) => {
    ask(call)
      .then((reply) => done(null, result.fromJSON(reply.kind === 'value' ? reply.value : undefined)))
      .catch((error: unknown) => done(statusOf(error, logger)))
  }
  const stream = (call: ServerWritableStream<unknown, unknown>) => {
    ask(call)
      .then((reply) => (reply.kind === 'stream' ? relay(call, reply.follower, result) : undefined))
      .then(() => call.end())
      .catch((error: unknown) => call.emit('error', statusOf(error, logger)))
  }
  const method = `${name.charAt(0).toLowerCase()}${name.slice(1)}`
  return [method, name === 'SendStreamingMessage' || name === 'SubscribeToTask' ? stream : unary] as const
}

/** A stream ends when its client goes away, or loses its credential. */
function leaveWith(call: Call, { visitor: { caller } }: A2aRequest, follower: TaskFollower): void {
  const leave = () => follower.leave()
  call.once('cancelled', leave)
  if (caller.scope === 'agent') caller.agent.removed.addEventListener('abort', leave, { once: true })
  if (call.cancelled) leave()
}

async function relay(
  call: ServerWritableStream<unknown, unknown>,
  follower: TaskFollower,
  { fromJSON }: Codec['result'],
) {
  for await (const event of follower) {
    if (call.cancelled) return
    if (!call.write(fromJSON(event))) await drained(call)
  }
}

function drained(call: ServerWritableStream<unknown, unknown>): Promise<void> {
  return new Promise((resolve) => {
    call.once('drain', resolve)
    call.once('cancelled', resolve)
  })
}

/** The encoding has no absent text: an empty one stands for it. */
function withoutEmpty(params: unknown): unknown {
  if (typeof params !== 'object' || params === null) return {}
  return Object.fromEntries(Object.entries(params).filter(([, member]) => member !== '' && member !== undefined))
}

/** Who asks is found out before anything of the message is looked at, and then the version. */
function admission({ kernel, clock }: GrpcListenerInit): Admit {
  const guesses = guessBudget(clock)
  return async (call) => {
    const [authorization = ''] = call.metadata.get('authorization').map(String)
    const agent = /^Bearer /.test(authorization) ? await kernel.identifyAgent(authorization.slice(7)) : undefined
    if (agent === undefined) {
      await guesses.wait(AbortSignal.timeout(10_000))
      throw new A2aFault({ code: 'UnauthenticatedError' }, 'Show the credential of an agent of this node, or a token.')
    }
    const [version = ''] = call.metadata.get('a2a-version').map(String)
    if (version !== A2A_VERSION && !version.startsWith(`${A2A_VERSION}.`))
      throw new A2aFault({ code: 'VersionNotSupportedError' }, `This kernel speaks A2A ${A2A_VERSION} over gRPC.`)
    return { visitor: { caller: { scope: 'agent', agent }, principal: agent.principal }, base: '' }
  }
}

function statusOf(error: unknown, logger: EventLogger) {
  const fault = faultOfService(error, logger)
  const { detail, message } = fault
  const metadata = buildGrpcErrorMetadata(Metadata, sdkErrorOf(fault, logger)) ?? new Metadata()
  return { code: codeOf(detail), details: message, message, name: 'A2aFault', metadata }
}

function codeOf({ code }: A2aFaultDetail): status {
  return status[a2aWire[code].status as keyof typeof status] as status
}

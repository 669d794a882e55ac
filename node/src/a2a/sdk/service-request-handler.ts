/**
 * The operations of A2A in the form that the transports of the official SDK take: for A2A 0.3 and for gRPC, whose
 * translations and encodings are its. Loaded only by a node that speaks one of them.
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
  type MessageFns,
  SendMessageRequest,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
} from '@a2a-js/sdk'
import {
  A2AError,
  ExtendedAgentCardNotConfiguredError,
  PushNotificationNotSupportedError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors'
import type { A2ARequestHandler } from '@a2a-js/sdk/server'
import type { A2aOperation, EventLogger } from '@hansa/protocols'
import { faultFields } from '../../kernel/fault-fields.ts'
import { type A2aFault, faultOfA2a, internalFault } from '../a2a-fault.ts'
import type { A2aRequest, A2aService } from '../a2a-service.ts'
import type { CardDesk } from '../card-desk.ts'
import type { TaskFollower } from '../task-events.ts'

export type ServiceRequestHandlerComponents = { service: A2aService; cards: CardDesk; logger: EventLogger }

/** @param request whose the handler is; what a transport says of it besides is not looked at */
export function serviceRequestHandler(
  components: ServiceRequestHandlerComponents,
  request: A2aRequest,
): A2ARequestHandler {
  const { service, cards } = components
  const ask = async (operation: A2aOperation, params: unknown): Promise<unknown> => {
    try {
      const reply = await service(operation, params, request)
      return reply.kind === 'value' ? reply.value : reply.follower
    } catch (error) {
      throw sdkErrorOf(error, components.logger)
    }
  }
  const answer =
    <P, R>(operation: A2aOperation, params: MessageFns<P>, result: Pick<MessageFns<R>, 'fromJSON'>) =>
    async (given: P): Promise<R> =>
      result.fromJSON(await ask(operation, params.toJSON(given)))
  const stream = <P>(operation: A2aOperation, params: MessageFns<P>) =>
    async function* (given: P): AsyncGenerator<StreamResponse, void, undefined> {
      const follower = (await ask(operation, params.toJSON(given))) as TaskFollower
      for await (const event of follower) yield StreamResponse.fromJSON(event)
    }
  return {
    getAgentCard: async () => AgentCard.fromJSON(JSON.parse((await cards.forEverybody(request.base)).text)),
    getAuthenticatedExtendedAgentCard: answer('GetExtendedAgentCard', GetExtendedAgentCardRequest, AgentCard),
    sendMessage: answer('SendMessage', SendMessageRequest, { fromJSON: ({ task }) => Task.fromJSON(task) }),
    sendMessageStream: stream('SendStreamingMessage', SendMessageRequest),
    getTask: answer('GetTask', GetTaskRequest, Task),
    listTasks: answer('ListTasks', ListTasksRequest, ListTasksResponse),
    cancelTask: answer('CancelTask', CancelTaskRequest, Task),
    resubscribe: stream('SubscribeToTask', SubscribeToTaskRequest),
    createTaskPushNotificationConfig: answer(
      'CreateTaskPushNotificationConfig',
      TaskPushNotificationConfig,
      TaskPushNotificationConfig,
    ),
    getTaskPushNotificationConfig: answer(
      'GetTaskPushNotificationConfig',
      GetTaskPushNotificationConfigRequest,
      TaskPushNotificationConfig,
    ),
    listTaskPushNotificationConfigs: answer(
      'ListTaskPushNotificationConfigs',
      ListTaskPushNotificationConfigsRequest,
      ListTaskPushNotificationConfigsResponse,
    ),
    deleteTaskPushNotificationConfig: answer(
      'DeleteTaskPushNotificationConfig',
      DeleteTaskPushNotificationConfigRequest,
      { fromJSON: () => undefined },
    ),
  }
}

const errors: Partial<Record<A2aFault['detail']['code'], new (message: string) => Error>> = {
  TaskNotFoundError,
  TaskNotCancelableError,
  PushNotificationNotSupportedError,
  UnsupportedOperationError,
  ExtendedAgentCardNotConfiguredError,
  InvalidParamsError: RequestMalformedError,
  InvalidRequestError: RequestMalformedError,
}

/** @returns what is answered; of a failure of this node nothing but that it is one */
export function faultOfService(error: unknown, logger: EventLogger): A2aFault {
  const fault = faultOfA2a(error)
  if (fault !== undefined) return fault
  logger.error('a2a.request_failed', faultFields(error))
  return internalFault()
}

/** A refusal that the SDK has no error for is an operation that is not supported for whoever asks. */
export function sdkErrorOf(error: unknown, logger: EventLogger): Error {
  const { detail, message } = faultOfService(error, logger)
  if (detail.code === 'InternalError') return new A2AError(message)
  return new (errors[detail.code] ?? UnsupportedOperationError)(message)
}

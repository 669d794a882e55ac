/** The operations of A2A, behind every binding: parameters are checked here, once, and nothing else calls the desks. */
import { type A2aOperation, a2aOperations } from '@hansa/protocols'
import type { z } from 'zod'
import { faultOfParams } from './a2a-fault.ts'
import type { CardDesk } from './card-desk.ts'
import { plainProtoJson } from './proto-json.ts'
import type { TaskDesk, Visitor } from './task-desk.ts'
import type { TaskFollower } from './task-events.ts'
import type { TaskWebhooks } from './task-webhooks.ts'

export type A2aReply = { kind: 'value'; value: unknown } | { kind: 'stream'; follower: TaskFollower }

/** Who asks, and where it found this node. */
export type A2aRequest = { visitor: Omit<Visitor, 'tenant'>; base: string }

/** @throws A2aFault, CallError */
export type A2aService = (operation: A2aOperation, params: unknown, request: A2aRequest) => Promise<A2aReply>

export type A2aServiceComponents = { desk: TaskDesk; webhooks: TaskWebhooks; cards: CardDesk }

type Params<O extends A2aOperation> = z.infer<(typeof a2aOperations)[O]['params']>
type Handlers = {
  [O in A2aOperation]: (params: Params<O>, visitor: Visitor, base: string) => Promise<unknown>
}

export function a2aService({ desk, webhooks, cards }: A2aServiceComponents): A2aService {
  const handlers: Handlers = {
    SendMessage: (params, visitor) => desk.send(params, visitor),
    SendStreamingMessage: (params, visitor) => desk.stream(params, visitor),
    GetTask: (params, visitor) => desk.get(params, visitor),
    ListTasks: (params, visitor) => desk.list(params, visitor),
    CancelTask: (params, visitor) => desk.cancel(params, visitor),
    SubscribeToTask: (params, visitor) => desk.subscribe(params, visitor),
    async CreateTaskPushNotificationConfig(params, visitor) {
      webhooks.check(params)
      return webhooks.put(await desk.scopeOfTask(params.taskId, visitor), params.taskId, params)
    },
    async GetTaskPushNotificationConfig({ taskId, id }, visitor) {
      return webhooks.get(await desk.scopeOfTask(taskId, visitor), taskId, id)
    },
    async ListTaskPushNotificationConfigs({ taskId }, visitor) {
      const configs = await webhooks.list(await desk.scopeOfTask(taskId, visitor), taskId)
      return { configs, nextPageToken: '' }
    },
    async DeleteTaskPushNotificationConfig({ taskId, id }, visitor) {
      await webhooks.remove(await desk.scopeOfTask(taskId, visitor), taskId, id)
      return {}
    },
    GetExtendedAgentCard: (_params, visitor, base) => cards.forVisitor(visitor, base),
  }
  return async (operation, params, { visitor, base }) => {
    const facts = a2aOperations[operation]
    const parsed = facts.params.safeParse(plainProtoJson(params))
    if (!parsed.success) throw faultOfParams(parsed.error)
    const { tenant } = parsed.data
    const handler = handlers[operation] as (params: unknown, visitor: Visitor, base: string) => Promise<unknown>
    const value = await handler(parsed.data, { ...visitor, tenant }, base)
    return 'streams' in facts ? { kind: 'stream', follower: value as TaskFollower } : { kind: 'value', value }
  }
}

/** @returns whether it is one of the operations of A2A 1.0 */
export function isA2aOperation(name: string): name is A2aOperation {
  return Object.hasOwn(a2aOperations, name)
}

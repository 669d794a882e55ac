/** Parameters of the operations of A2A 1.0 (section 3.1), as ProtoJSON. Strict where the proto has numbers without a range. */
import { z } from 'zod'
import { a2aIdSchema, a2aMetadataSchema, MAX_A2A_ID_CHARS } from './a2a-part.ts'
import { a2aMessageSchema, a2aTaskStates } from './a2a-task.ts'

const tenant = z.string().max(512).optional()
const historyLength = z.int().min(0).max(2_147_483_647).optional()
const id = a2aIdSchema

export const a2aPushConfigSchema = z.object({
  tenant,
  id: z.string().max(MAX_A2A_ID_CHARS).optional(),
  taskId: z.string().max(MAX_A2A_ID_CHARS).optional(),
  url: z.url().max(2048),
  token: z
    .string()
    .max(4096)
    .regex(/^[\x20-\x7e]*$/, 'not printable ASCII')
    .optional(),
  authentication: z
    .object({
      scheme: z
        .string()
        .min(1)
        .max(64)
        .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'not a scheme of HTTP authentication'),
      credentials: z
        .string()
        .max(8192)
        .regex(/^[\x20-\x7e]*$/, 'not printable ASCII')
        .optional(),
    })
    .optional(),
})
export type A2aPushConfig = z.infer<typeof a2aPushConfigSchema>

export const a2aSendSchema = z.object({
  tenant,
  message: a2aMessageSchema.extend({ role: z.literal('ROLE_USER') }),
  configuration: z
    .object({
      acceptedOutputModes: z.array(z.string().max(256)).max(64).optional(),
      taskPushNotificationConfig: a2aPushConfigSchema.optional(),
      historyLength,
      returnImmediately: z.boolean().optional(),
    })
    .optional(),
  metadata: a2aMetadataSchema.optional(),
})
export type A2aSend = z.infer<typeof a2aSendSchema>

export const a2aGetTaskSchema = z.object({ tenant, id, historyLength })
export const a2aListTasksSchema = z.object({
  tenant,
  contextId: z.string().max(MAX_A2A_ID_CHARS).optional(),
  status: z.enum(['TASK_STATE_UNSPECIFIED', ...a2aTaskStates]).optional(),
  pageSize: z.int().min(1).max(100).optional(),
  pageToken: z.string().max(512).optional(),
  historyLength,
  statusTimestampAfter: z.iso.datetime({ offset: true }).optional(),
  includeArtifacts: z.boolean().optional(),
})
export const a2aCancelTaskSchema = z.object({ tenant, id, metadata: a2aMetadataSchema.optional() })
export const a2aSubscribeSchema = z.object({ tenant, id })
export const a2aCreatePushSchema = a2aPushConfigSchema.extend({ taskId: id })
export const a2aPushSchema = z.object({ tenant, taskId: id, id })
export const a2aListPushSchema = z.object({
  tenant,
  taskId: id,
  pageSize: z.int().min(0).max(100).optional(),
  pageToken: z.string().max(512).optional(),
})
export const a2aExtendedCardSchema = z.object({ tenant })

export type A2aGetTask = z.infer<typeof a2aGetTaskSchema>
export type A2aListTasks = z.infer<typeof a2aListTasksSchema>
export type A2aCancelTask = z.infer<typeof a2aCancelTaskSchema>
export type A2aSubscribe = z.infer<typeof a2aSubscribeSchema>
export type A2aCreatePush = z.infer<typeof a2aCreatePushSchema>
export type A2aPush = z.infer<typeof a2aPushSchema>
export type A2aListPush = z.infer<typeof a2aListPushSchema>

/**
 * The operations, by their name in JSON-RPC and gRPC: their parameters, and their place in HTTP+JSON. `{id}` and
 * `{taskId}` are segments of the path; what else a GET or DELETE says is in the query.
 */
export const a2aOperations = {
  SendMessage: { params: a2aSendSchema, http: [{ method: 'POST', path: 'message:send' }] },
  SendStreamingMessage: { params: a2aSendSchema, http: [{ method: 'POST', path: 'message:stream' }], streams: true },
  GetTask: { params: a2aGetTaskSchema, http: [{ method: 'GET', path: 'tasks/{id}' }] },
  ListTasks: { params: a2aListTasksSchema, http: [{ method: 'GET', path: 'tasks' }] },
  CancelTask: { params: a2aCancelTaskSchema, http: [{ method: 'POST', path: 'tasks/{id}:cancel' }] },
  SubscribeToTask: {
    params: a2aSubscribeSchema,
    // The proto says GET, the table of the specification POST.
    http: [
      { method: 'GET', path: 'tasks/{id}:subscribe' },
      { method: 'POST', path: 'tasks/{id}:subscribe' },
    ],
    streams: true,
  },
  CreateTaskPushNotificationConfig: {
    params: a2aCreatePushSchema,
    http: [{ method: 'POST', path: 'tasks/{taskId}/pushNotificationConfigs' }],
  },
  GetTaskPushNotificationConfig: {
    params: a2aPushSchema,
    http: [{ method: 'GET', path: 'tasks/{taskId}/pushNotificationConfigs/{id}' }],
  },
  ListTaskPushNotificationConfigs: {
    params: a2aListPushSchema,
    http: [{ method: 'GET', path: 'tasks/{taskId}/pushNotificationConfigs' }],
  },
  DeleteTaskPushNotificationConfig: {
    params: a2aPushSchema,
    http: [{ method: 'DELETE', path: 'tasks/{taskId}/pushNotificationConfigs/{id}' }],
  },
  GetExtendedAgentCard: { params: a2aExtendedCardSchema, http: [{ method: 'GET', path: 'extendedAgentCard' }] },
} as const satisfies Record<string, A2aOperationFacts>

export type A2aOperation = keyof typeof a2aOperations
type A2aOperationFacts = {
  params: z.ZodType
  http: readonly { method: 'GET' | 'POST' | 'DELETE'; path: string }[]
  streams?: true
}

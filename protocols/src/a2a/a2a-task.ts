/** Messages, tasks and the events of a task (A2A 1.0, sections 4.1 and 4.2), as ProtoJSON. */
import { z } from 'zod'
import { MAX_CONTENT_PARTS } from '../content/content-part.ts'
import { a2aIdSchema, a2aMetadataSchema, a2aPartSchema } from './a2a-part.ts'

export const a2aTaskStates = [
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_AUTH_REQUIRED',
] as const
export type A2aTaskState = (typeof a2aTaskStates)[number]

const terminal: ReadonlySet<A2aTaskState> = new Set([
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
])

/** @returns whether nothing follows the state. */
export function isTerminal(state: A2aTaskState): boolean {
  return terminal.has(state)
}

/** @returns whether the task waits for its client. */
export function isInterrupted(state: A2aTaskState): boolean {
  return state === 'TASK_STATE_INPUT_REQUIRED' || state === 'TASK_STATE_AUTH_REQUIRED'
}

const partsSchema = z.array(a2aPartSchema).min(1).max(MAX_CONTENT_PARTS)
/** ProtoJSON may write what is not there as an empty text. */
const optionalId = z.union([z.literal('').transform(() => undefined), a2aIdSchema]).optional()
const uris = z.array(z.string().max(2048)).max(64)

export const a2aMessageSchema = z.object({
  messageId: a2aIdSchema,
  contextId: optionalId,
  taskId: optionalId,
  role: z.enum(['ROLE_USER', 'ROLE_AGENT']),
  parts: partsSchema,
  metadata: a2aMetadataSchema.optional(),
  extensions: uris.optional(),
  referenceTaskIds: z.array(a2aIdSchema).max(64).optional(),
})
export type A2aMessage = z.infer<typeof a2aMessageSchema>

export const a2aTaskStatusSchema = z.object({
  state: z.enum(a2aTaskStates),
  message: a2aMessageSchema.optional(),
  timestamp: z.iso.datetime({ offset: true }).optional(),
})
export type A2aTaskStatus = z.infer<typeof a2aTaskStatusSchema>

export const a2aArtifactSchema = z.object({
  artifactId: a2aIdSchema,
  name: z.string().max(1024).optional(),
  description: z.string().max(4096).optional(),
  parts: partsSchema,
  metadata: a2aMetadataSchema.optional(),
  extensions: uris.optional(),
})
export type A2aArtifact = z.infer<typeof a2aArtifactSchema>

export const a2aTaskSchema = z.object({
  id: a2aIdSchema,
  contextId: optionalId,
  status: a2aTaskStatusSchema,
  artifacts: z.array(a2aArtifactSchema).max(1024).optional(),
  history: z.array(a2aMessageSchema).max(1024).optional(),
  metadata: a2aMetadataSchema.optional(),
})
export type A2aTask = z.infer<typeof a2aTaskSchema>

const statusUpdateSchema = z.object({
  taskId: a2aIdSchema,
  contextId: optionalId,
  status: a2aTaskStatusSchema,
  metadata: a2aMetadataSchema.optional(),
})
const artifactUpdateSchema = z.object({
  taskId: a2aIdSchema,
  contextId: optionalId,
  artifact: a2aArtifactSchema,
  append: z.boolean().optional(),
  lastChunk: z.boolean().optional(),
  metadata: a2aMetadataSchema.optional(),
})

/** One event of a stream or of a push notification: exactly one of its members. */
export const a2aEventSchema = z.union([
  z.object({ task: a2aTaskSchema }),
  z.object({ message: a2aMessageSchema }),
  z.object({ statusUpdate: statusUpdateSchema }),
  z.object({ artifactUpdate: artifactUpdateSchema }),
])
export type A2aEvent = z.infer<typeof a2aEventSchema>

/** What a message is answered with. */
export const a2aAnswerSchema = z.union([z.object({ task: a2aTaskSchema }), z.object({ message: a2aMessageSchema })])
export type A2aAnswer = z.infer<typeof a2aAnswerSchema>

/** Arguments and results that a kind of capability has, whoever serves it. */
import { z } from 'zod'
import { contentPartSchema, contentSchema } from '../content/content-part.ts'

const cursor = z.string().max(2048).optional()
const uri = z.string().min(1).max(8192)

/**
 * Of a `resource`: MCP's methods, which policies can tell apart by `args.method`. The result is content: a list is one
 * `data` part as MCP has it (`{ resources, nextCursor? }`, `{ resourceTemplates, … }`, `{ completion }`), a resource that
 * is read one `file` part for each of its contents. `resources/subscribe` says a progress of 0 when the resource is
 * watched, and then `updated` until it is cancelled or its deadline passes; then it answers an empty list.
 */
export const resourceArgumentsSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('resources/list'), cursor }),
  z.strictObject({ method: z.literal('resources/templates/list'), cursor }),
  z.strictObject({ method: z.literal('resources/read'), uri }),
  z.strictObject({ method: z.literal('resources/subscribe'), uri }),
  z.strictObject({
    method: z.literal('completion/complete'),
    ref: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('ref/prompt'), name: z.string().max(512) }),
      z.strictObject({ type: z.literal('ref/resource'), uri }),
    ]),
    argument: z.strictObject({ name: z.string().max(256), value: z.string().max(8192) }),
    context: z.strictObject({ arguments: z.record(z.string().max(256), z.string().max(8192)).optional() }).optional(),
  }),
])
export type ResourceArguments = z.infer<typeof resourceArgumentsSchema>

/** Of a `prompt`: messages for a model. */
export const promptResultSchema = z.strictObject({
  description: z.string().max(4096).optional(),
  messages: z.array(z.strictObject({ role: z.enum(['user', 'assistant']), content: contentPartSchema })).max(256),
})
export type PromptResult = z.infer<typeof promptResultSchema>

/** Of a `task`: one message. The result is content: the parts of its artifacts, then of the last message. */
export const taskArgumentsSchema = z.strictObject({
  message: contentSchema.min(1),
  context: z.string().max(256).optional().describe('Groups messages that belong together, as the caller names it'),
})
export type TaskArguments = z.infer<typeof taskArgumentsSchema>

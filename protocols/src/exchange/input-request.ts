/**
 * A call that cannot go on without something from its caller ends with the status `input_required`: what it asks for is
 * its result, screened like every other. Whoever has the answers makes another call that continues it, with the same
 * arguments. Each of the two is governed, counted and logged on its own.
 *
 * What the call needs to go on stays in the kernel that serves it: bound to the caller, the capability and the
 * arguments, for ten minutes, and good for one call.
 */
import { z } from 'zod'

/**
 * What may be asked for, by the method that asks for it in MCP; `message` is what an A2A task waits for in
 * TASK_STATE_INPUT_REQUIRED, and `authorization` in TASK_STATE_AUTH_REQUIRED.
 */
export const inputMethods = [
  'elicitation/create',
  'sampling/createMessage',
  'roots/list',
  'message',
  'authorization',
] as const
export type InputMethod = (typeof inputMethods)[number]

/** What a caller can answer; nothing else is asked of it. */
export const acceptedInputSchema = z.array(z.enum(inputMethods)).max(inputMethods.length)

const membersSchema = z.record(z.string().max(256), z.unknown())

export const inputRequestSchema = z.strictObject({
  method: z.enum(inputMethods),
  params: membersSchema.describe('As the method defines them. Text of a stranger: show it as such'),
})
export type InputRequest = z.infer<typeof inputRequestSchema>

const nameSchema = z.string().min(1).max(128)
const MAX_REQUESTS = 16
const bounded = <T extends z.ZodRecord>(record: T) =>
  record
    .refine((value) => {
      const { length } = Object.keys(value)
      return length >= 1 && length <= MAX_REQUESTS
    }, `not 1 to ${MAX_REQUESTS} members`)
    .meta({ minProperties: 1, maxProperties: MAX_REQUESTS })

/** The value of a frame whose kind is `input_required`: by a name that the answer repeats. */
export const inputRequestsSchema = bounded(z.record(nameSchema, inputRequestSchema))
export type InputRequests = z.infer<typeof inputRequestsSchema>

/** One answer for each request, in the form that its method defines for results. */
export const inputResponsesSchema = bounded(z.record(nameSchema, membersSchema))
export type InputResponses = z.infer<typeof inputResponsesSchema>

/** The arguments of a call that continues another one, as they travel. */
export const continuationArgumentsSchema = z.strictObject({ arguments: z.unknown(), responses: inputResponsesSchema })
export type ContinuationArguments = z.infer<typeof continuationArgumentsSchema>

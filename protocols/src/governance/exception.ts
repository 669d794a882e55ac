/** Break-glass: a policy exception that two persons make for one principal and one capability, and that ends by itself. */
import { z } from 'zod'
import { capabilityRefSchema } from '../syntax/capability-id.ts'
import { callIdSchema } from '../syntax/ids.ts'
import { personPrincipalSchema, principalSchema } from '../syntax/principal.ts'
import { unixSecondsSchema } from '../syntax/time.ts'
import { caseTextSchema } from './case.ts'

/** Longest exception, minutes (security.md B12). */
export const MAX_EXCEPTION_MINUTES = 240

export const exceptionRecordSchema = z.strictObject({
  v: z.literal(1),
  id: callIdSchema,
  state: z.enum(['asked', 'in_force', 'over']),
  principal: principalSchema.describe('agent:NAME or person:NAME of this kernel, or the DID of another one'),
  capability: capabilityRefSchema,
  reason: caseTextSchema,
  minutes: z.int().min(1).max(MAX_EXCEPTION_MINUTES).describe('How long it is in force'),
  by: personPrincipalSchema,
  asked: unixSecondsSchema,
  second: personPrincipalSchema.optional().describe('Who confirmed it'),
  from: unixSecondsSchema.optional(),
  until: unixSecondsSchema.describe('Exclusive. Of one that is asked: until when it can be confirmed'),
  endedBy: principalSchema.nullable().optional().describe('null: the clock'),
})
export type ExceptionRecord = z.infer<typeof exceptionRecordSchema>

export const askExceptionSchema = z.strictObject({
  principal: principalSchema,
  capability: capabilityRefSchema,
  reason: caseTextSchema,
  minutes: z.int().min(1).max(MAX_EXCEPTION_MINUTES),
  by: personPrincipalSchema,
})
export type AskException = z.infer<typeof askExceptionSchema>

export const byPersonSchema = z.strictObject({ id: callIdSchema, by: personPrincipalSchema })
export type ByPerson = z.infer<typeof byPersonSchema>

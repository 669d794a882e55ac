import { z } from 'zod'
import { capabilityRefSchema } from '../syntax/capability-id.ts'
import { approvalIdSchema } from '../syntax/ids.ts'
import { principalSchema } from '../syntax/principal.ts'

export const approvalSchema = z.object({
  id: approvalIdSchema,
  state: z.enum(['pending', 'granted', 'denied', 'used', 'expired']),
  principal: principalSchema,
  capability: capabilityRefSchema,
  args: z
    .string()
    .nullable()
    .describe('The exact arguments, as JSON text; null when they were too long to keep, and when the approval ended'),
  requested: z.int().min(0),
  expires: z.int().min(0),
  approver: z.string().max(600).exactOptional(),
  reason: z.string().max(1024).exactOptional().describe('What the approver said'),
  last: z
    .object({ args: z.string().nullable(), approved: z.int().min(0) })
    .exactOptional()
    .describe('Of a pending one: what was approved last of this principal and capability'),
})
export type Approval = z.infer<typeof approvalSchema>

/** What is written down beside a decision. */
export const decisionNotesSchema = z.strictObject({
  reason: z
    .string()
    .min(1)
    .max(500)
    .refine((text) => text.isWellFormed(), 'is not well-formed text')
    .exactOptional()
    .describe('Why, in words of the approver'),
  source: z
    .string()
    .max(256)
    .refine((text) => text.isWellFormed(), 'is not well-formed text')
    .exactOptional()
    .describe('The way it came, as the client says it'),
})
export type DecisionNotes = z.infer<typeof decisionNotesSchema>

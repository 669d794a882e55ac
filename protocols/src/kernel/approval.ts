import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityRefSchema } from '../syntax/capability-id.ts'
import { approvalIdSchema, callIdSchema } from '../syntax/ids.ts'
import { principalSchema } from '../syntax/principal.ts'

export const approvalSchema = z.object({
  id: approvalIdSchema,
  state: z.enum(['pending', 'granted', 'denied', 'used', 'expired']),
  principal: principalSchema,
  onBehalfOf: principalSchema.exactOptional().describe('For whom it acts; that person cannot approve it'),
  capability: capabilityRefSchema,
  callId: callIdSchema.describe('The call that asked'),
  continues: callIdSchema.exactOptional().describe('The call whose questions are answered by the one that asked'),
  action: hashSchema.describe(
    'What it is bound to: principal and for whom it acts, capability, descriptor, what it continues and argument bytes',
  ),
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

const at = z.int().min(0).describe('When, Unix seconds')

/** What is seen by whoever watches: first, and once, what waits already; then what becomes of each as it happens. */
export const approvalEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('watching'), at, waiting: z.array(approvalSchema) }),
  z.object({ type: z.enum(['requested', 'granted', 'denied', 'expired']), at, approval: approvalSchema }),
])
export type ApprovalEvent = z.infer<typeof approvalEventSchema>

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

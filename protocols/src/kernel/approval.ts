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
    .describe('The exact arguments, as JSON text; null when this process has restarted since the request'),
  requested: z.int().min(0),
  expires: z.int().min(0),
  approver: z.string().max(600).exactOptional(),
})
export type Approval = z.infer<typeof approvalSchema>

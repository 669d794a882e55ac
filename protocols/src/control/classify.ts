/** An operator's word on a tool of an MCP server. */
import { z } from 'zod'
import { labelsSchema } from '../capability/label.ts'
import { obligationsSchema } from '../capability/obligation.ts'
import { safetySchema } from '../capability/safety.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityIdSchema } from '../syntax/capability-id.ts'
import { principalSchema } from '../syntax/principal.ts'

export const classifySchema = z.strictObject({
  capability: capabilityIdSchema,
  safety: safetySchema,
  sensitivity: labelsSchema.optional(),
  obligations: obligationsSchema.optional(),
  digest: hashSchema.optional().describe('What was looked at; without it what is listed now'),
  by: principalSchema.describe('The person who classifies'),
})
export type Classify = z.infer<typeof classifySchema>

/** What a call would be decided as, and why. */
import { z } from 'zod'
import { obligationsSchema } from '../capability/obligation.ts'
import { safetySchema } from '../capability/safety.ts'
import { callStages } from '../errors/call-error.ts'
import { allCodes } from '../errors/codes.ts'
import { trustPolicySchema } from '../policy/trust-policy.ts'
import { capabilityRefSchema } from '../syntax/capability-id.ts'
import { routeSchema } from './route.ts'

const reason = z.string().max(4096)

export const explanationSchema = z.object({
  capability: capabilityRefSchema,
  safety: safetySchema,
  decision: z.enum(['permit', 'deny', 'approval_required']),
  code: z.enum(allCodes).exactOptional().describe('Present when the decision is not permit'),
  local: z
    .object({
      effect: z.enum(['permit', 'deny', 'none', 'error', 'approval']),
      rules: z.array(z.string().max(128)),
      reason,
    })
    .describe('Local policy: rules that matched, and what they said'),
  remote: z
    .object({ effect: z.enum(['permit', 'deny', 'none', 'unreachable', 'invalid']), reason })
    .exactOptional()
    .describe('What the other kernel answered, for an imported capability'),
  trustPolicy: trustPolicySchema.exactOptional(),
  obligations: obligationsSchema,
  stage: z.enum(callStages).exactOptional().describe('The stage that would refuse'),
  route: routeSchema.exactOptional().describe('Where the call would go, when it names no peer or may go elsewhere'),
  remedy: z.string().max(4096).exactOptional().describe('What to do about it, one sentence'),
})
export type Explanation = z.infer<typeof explanationSchema>

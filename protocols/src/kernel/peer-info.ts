import { z } from 'zod'
import { trustPolicySchema } from '../policy/trust-policy.ts'
import { standingTierSchema } from '../standing/tier.ts'
import { capabilityRefSchema, peerAliasSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'

export const peerInfoSchema = z.object({
  did: didSchema,
  alias: peerAliasSchema,
  endpoint: z.string().max(2048),
  trustPolicy: trustPolicySchema,
  seq: z.int().min(0).describe('Number of its manifest'),
  expires: z.int().min(0).describe('Unix seconds'),
  score: z.int().min(0).max(1000).exactOptional().describe('What it may be trusted with here'),
  tier: standingTierSchema.exactOptional(),
  state: z.enum(['ok', 'expired', 'blocked']),
  link: z
    .object({
      state: z.enum(['open', 'half_open']).describe('open: nothing is sent to it; half_open: it is tried again'),
      since: z.int().min(0).describe('Unix seconds'),
      reason: z.string().max(512),
    })
    .exactOptional()
    .describe('Present while it is cut off because too many exchanges with it failed'),
  health: z
    .object({ healthy: z.int().min(0), failing: z.int().min(0), unknown: z.int().min(0) })
    .exactOptional()
    .describe('Its imported capabilities by what calls and canaries have shown of them'),
  capabilities: z.array(capabilityRefSchema).max(500),
})
export type PeerInfo = z.infer<typeof peerInfoSchema>

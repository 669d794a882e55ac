/** What an operator has said about another kernel, beyond what that kernel says of itself. */
import { z } from 'zod'
import { labelsSchema } from '../capability/label.ts'
import { MAX_MANIFEST_BYTES } from '../manifest/capability-manifest.ts'
import { trustPolicySchema } from '../policy/trust-policy.ts'
import { standingTierSchema } from '../standing/tier.ts'
import { peerAliasSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { principalSchema } from '../syntax/principal.ts'

export const addPeerSchema = z.strictObject({
  did: didSchema,
  alias: peerAliasSchema.optional().describe('Default: the name in its manifest, or `k-` and the end of the DID'),
  manifest: z
    .string()
    .max(MAX_MANIFEST_BYTES)
    .optional()
    .describe('Compact JWS; what it offers is imported. Without it the peer is known, and nothing of it is callable'),
  trustPolicy: trustPolicySchema.optional(),
  clearance: labelsSchema.optional().describe('Labels that it may be sent. Default: none'),
  sameOwner: z.boolean().optional().describe('Default: false'),
  delegation: z
    .boolean()
    .optional()
    .describe('Whether chains of delegations may pass between it and this kernel. Default: as sameOwner'),
  standing: z
    .int()
    .min(0)
    .max(1000)
    .optional()
    .describe('A floor for its score, 0 to 1000; above 899 counts as 899. Default: 700'),
  by: principalSchema.describe('Who says so: person:NAME'),
})
export type AddPeer = z.infer<typeof addPeerSchema>

export const knownPeerSchema = z.object({
  did: didSchema,
  alias: peerAliasSchema.optional(),
  source: z.enum(['configuration', 'operator', 'import']).describe('Who made it known'),
  clearance: labelsSchema,
  sameOwner: z.boolean(),
  delegation: z.literal(true).optional().describe('Chains of delegations may pass between it and this kernel'),
  standing: z.int().describe('What the operator vouches for'),
  score: z.int().min(0).max(1000).optional().describe('What it may be trusted with now'),
  tier: standingTierSchema.optional(),
  by: principalSchema.optional().describe('The operator who added it'),
  since: z.int().optional().describe('Unix seconds'),
  imports: z.array(peerAliasSchema).describe('Aliases under which its capabilities are imported'),
})
export type KnownPeer = z.infer<typeof knownPeerSchema>

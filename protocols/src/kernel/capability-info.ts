import { z } from 'zod'
import { capabilityKindSchema } from '../capability/kind.ts'
import { labelsSchema } from '../capability/label.ts'
import { safetySchema } from '../capability/safety.ts'
import { trustPolicySchema } from '../policy/trust-policy.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityRefSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { unixMsSchema } from '../syntax/time.ts'

export const capabilityStates = ['available', 'unavailable', 'unclassified', 'suspended', 'blocked'] as const

export const capabilityInfoSchema = z.object({
  ref: capabilityRefSchema,
  kind: capabilityKindSchema,
  title: z.string().max(256),
  description: z.string().max(4096),
  safety: safetySchema,
  sensitivity: labelsSchema,
  state: z
    .enum(capabilityStates)
    .describe(
      'unavailable: the agent that serves it is not connected; unclassified: a tool that no operator has classified; suspended and blocked: it changed since it was classified or imported, or it was revoked',
    ),
  reason: z.string().max(4096).exactOptional(),
  hash: hashSchema.describe('Of its descriptor'),
  servedBy: z
    .string()
    .max(128)
    .exactOptional()
    .describe('Whose connected program serves it: `agent NAME`, or `operator`'),
  since: unixMsSchema.exactOptional().describe('Since when it is unavailable, Unix milliseconds'),
  source: z.string().max(4200).exactOptional().describe('Where it is configured, such as hansa.yaml:12'),
  peer: didSchema.exactOptional(),
  trustPolicy: trustPolicySchema.exactOptional(),
})
export type CapabilityInfo = z.infer<typeof capabilityInfoSchema>

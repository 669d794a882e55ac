/** What became of an import when the manifest of its peer was fetched again (security.md B2). */
import { z } from 'zod'
import { capabilityIdSchema } from '../syntax/capability-id.ts'

const sentence = z.string().max(4096)

export const capabilityChangeSchema = z.object({
  capability: capabilityIdSchema,
  action: z
    .enum(['applied', 'suspended', 'blocked', 'listed', 'removed'])
    .describe('What was done about it; listed is a new capability: seen, and not imported'),
  changes: z.array(sentence).max(64).describe('What changed, one sentence each'),
})
export type CapabilityChange = z.infer<typeof capabilityChangeSchema>

export const manifestDiffSchema = z.object({
  fromSeq: z.int().min(0),
  toSeq: z.int().min(0),
  peer: z
    .enum(['unchanged', 'blocked'])
    .describe('blocked when endpoint or log key changed: nothing of this peer is callable until an operator confirms'),
  reasons: z.array(sentence).max(64),
  capabilities: z.array(capabilityChangeSchema).max(1_000),
})
export type ManifestDiff = z.infer<typeof manifestDiffSchema>

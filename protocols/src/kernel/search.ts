/** What is asked of the replica of manifests that a kernel keeps, and what it answers: no other kernel is asked. */
import { z } from 'zod'
import { safetySchema } from '../capability/safety.ts'
import { standingTierSchema } from '../standing/tier.ts'
import { capabilityIdSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

/** Hits of one answer, at most. */
export const MAX_SEARCH_HITS = 100
export const MAX_SEARCH_CHARS = 256

export const searchQuerySchema = z.strictObject({
  query: z.string().max(MAX_SEARCH_CHARS).optional().describe('Words; in title, description, id and tags'),
  did: didSchema.optional().describe('Only of this kernel'),
  capability: capabilityIdSchema.optional().describe('Only this id'),
  prefix: z.string().max(128).optional().describe('Only ids that begin like this'),
  tag: z.string().max(72).optional().describe('Only with this tag or sensitivity'),
  safety: safetySchema.optional().describe('Only of this class'),
  version: z
    .string()
    .max(128)
    .optional()
    .describe('Only versions in this range: `1.2.3`, `1.x`, `^1.2`, `~1.2`, `>=1.2 <2`, alternatives between `||`'),
  minStanding: z.int().min(0).max(1000).optional().describe('Only of kernels whose score here is at least this'),
  limit: z.int().min(1).max(MAX_SEARCH_HITS).optional().describe('Hits at most. Default: 20'),
})
export type SearchQuery = z.infer<typeof searchQuerySchema>

export const searchHitSchema = z.object({
  did: didSchema.describe('The kernel that offers it'),
  name: z.string().max(128).optional().describe('As it names itself; proves nothing'),
  capability: capabilityIdSchema,
  version: z.string().max(64),
  title: z.string().max(512).describe('Untrusted: one line without hidden characters'),
  description: z.string().max(512).describe('Untrusted: one line without hidden characters'),
  rules: z.array(z.string().max(128)).max(64).describe('What the firewall found in title and description'),
  untrusted: z.literal(true).describe('Signed by its kernel, which proves origin and not honesty'),
  safety: safetySchema,
  tags: z.array(z.string().max(72)).max(64).describe('Tags and sensitivity'),
  standing: z.object({ score: z.int().min(0).max(1000), tier: standingTierSchema }),
  relevance: z.number().min(0).max(1).describe('1: nothing else in the replica fits the words better'),
  rank: z.number().min(0).max(1).describe('Relevance and standing together; hits come in this order'),
  reason: z.string().max(512).describe('Why it is where it is, for people'),
  seq: z.int().min(1).describe('Of the manifest'),
  expires: unixSecondsSchema,
})
export type SearchHit = z.infer<typeof searchHitSchema>

export const searchAnswerSchema = z.object({
  hits: z.array(searchHitSchema).max(MAX_SEARCH_HITS),
  matches: z.int().min(0).describe('Capabilities that fit, also those beyond the limit'),
  partial: z
    .literal(true)
    .optional()
    .describe('So many hold the words that not all were weighed: there are more matches than said'),
  kernels: z.int().min(0).describe('Kernels whose manifests are in the replica'),
})
export type SearchAnswer = z.infer<typeof searchAnswerSchema>

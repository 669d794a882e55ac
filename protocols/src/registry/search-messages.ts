/** What a registry is asked for in words, and what it answers. */
import { z } from 'zod'
import { MAX_SEARCH_HITS, searchHitSchema, searchQuerySchema } from '../kernel/search.ts'

export const registrySearchQuerySchema = searchQuerySchema.omit({ minStanding: true }).extend({
  limit: z.coerce.number().int().min(1).max(MAX_SEARCH_HITS).optional().describe('Hits at most. Default: 20'),
})
export type RegistrySearchQuery = z.infer<typeof registrySearchQuerySchema>

export const registrySearchHitSchema = searchHitSchema.omit({ standing: true, rules: true, rank: true })
export type RegistrySearchHit = z.infer<typeof registrySearchHitSchema>

export const registrySearchAnswerSchema = z.object({
  hits: z.array(registrySearchHitSchema).max(MAX_SEARCH_HITS),
  matches: z.int().min(0).describe('Capabilities that fit, also those beyond the limit'),
  partial: z
    .literal(true)
    .optional()
    .describe('So many hold the words that not all were weighed: there are more matches than said'),
  kernels: z.int().min(0).describe('Kernels that are listed'),
})
export type RegistrySearchAnswer = z.infer<typeof registrySearchAnswerSchema>

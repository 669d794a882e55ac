/** Who could serve a capability, in the order in which a call would ask them. */
import { z } from 'zod'
import { allCodes } from '../errors/codes.ts'
import { standingTierSchema } from '../standing/tier.ts'
import { capabilityRefSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { callIdSchema } from '../syntax/ids.ts'

/** Where a provider is looked for, in this order. Only what is local or imported is ever called. */
export const routeSources = ['local', 'imported', 'replica', 'registry', 'dht'] as const
export type RouteSourceName = (typeof routeSources)[number]

/**
 * `healthy`: within the window it answered a call, or a canary, with a signed result. `failing`: the last one got none.
 * `unknown`: neither, whatever it says of itself.
 */
export const capabilityHealthSchema = z.object({
  state: z.enum(['healthy', 'failing', 'unknown']),
  by: z.enum(['traffic', 'canary']).exactOptional().describe('What showed it'),
  at: z.int().min(0).exactOptional().describe('Unix seconds'),
  reason: z.string().max(1024).exactOptional().describe('Of failing'),
})
export type CapabilityHealth = z.infer<typeof capabilityHealthSchema>

export const routeCandidateSchema = z.object({
  source: z.enum(routeSources),
  ref: capabilityRefSchema.exactOptional().describe('As it is called; absent when it would have to be imported first'),
  peer: didSchema.exactOptional(),
  name: z.string().max(128).exactOptional().describe('What the kernel calls itself; proves nothing'),
  callable: z.boolean().describe('Whether a call would be sent to it now'),
  score: z.int().min(0).max(1000).exactOptional().describe('What its kernel may be trusted with here'),
  tier: standingTierSchema.exactOptional(),
  health: capabilityHealthSchema.exactOptional(),
  reason: z.string().max(1024).describe('Why it stands where it stands'),
})
export type RouteCandidate = z.infer<typeof routeCandidateSchema>

export const routeSchema = z.object({
  capability: capabilityRefSchema,
  steps: z
    .array(
      z.object({
        source: z.enum(routeSources),
        found: z.int().min(0),
        reason: z.string().max(1024),
      }),
    )
    .max(16)
    .describe('Where providers were looked for, in order'),
  candidates: z.array(routeCandidateSchema).max(1_000).describe('Best first'),
})
export type Route = z.infer<typeof routeSchema>

/** Attempts at other providers, before the one that this is about. */
export const triedProvidersSchema = z
  .array(z.strictObject({ call: callIdSchema, cap: capabilityRefSchema, code: z.enum(allCodes) }))
  .max(8)
export type TriedProviders = z.infer<typeof triedProvidersSchema>

/** The unsigned manifest of the federation issue (version 1 of 2025): parsed, so that it can be named, and always refused. */
import { z } from 'zod'

export const legacyManifestSchema = z.object({
  kernel_id: z.string().max(512),
  version: z.string().max(64),
  capabilities: z.array(z.looseObject({})).max(500),
  endpoint: z.string().max(2048),
  trust_level: z.enum(['verified', 'unverified']).describe('Self-declared, so it is not honoured'),
})
export type LegacyManifest = z.infer<typeof legacyManifestSchema>

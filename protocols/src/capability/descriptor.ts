/** One capability as a manifest advertises it: what a caller needs, and nothing of how it is done (security.md B2). */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityIdSchema } from '../syntax/capability-id.ts'
import { capabilityKindSchema } from './kind.ts'
import { labelsSchema } from './label.ts'
import { limitsSchema } from './limits.ts'
import { obligationsSchema } from './obligation.ts'
import { safetySchema } from './safety.ts'

export const capabilityDescriptorSchema = z.strictObject({
  id: capabilityIdSchema,
  ver: z
    .string()
    .max(64)
    .regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/, 'not a semantic version'),
  kind: capabilityKindSchema.exclude(['tool']).optional().describe('A tool without it'),
  title: z.string().max(256),
  description: z.string().max(4096),
  safety: safetySchema,
  sensitivity: labelsSchema,
  tags: z
    .array(
      z
        .string()
        .max(64)
        .regex(/^[a-z0-9][a-z0-9._-]*$/, 'not a lower-case word'),
    )
    .max(32),
  idempotent: z.boolean(),
  input_schema: z
    .string()
    .max(65_536)
    .describe('JSON Schema as text; its dialect is in its own $schema, 2020-12 without'),
  output_schema: z.string().max(65_536).optional().describe('As input_schema; without it results are untrusted text'),
  obligations: obligationsSchema,
  limits: limitsSchema,
  canary: z
    .string()
    .max(4_096)
    .optional()
    .describe('JSON text of arguments with which importers may test now and then that it is served; READ only'),
  hash: hashSchema.describe('SHA-256 of "hansa/capability/v1\\n" and the canonical JSON of the other fields'),
})
export type CapabilityDescriptor = z.infer<typeof capabilityDescriptorSchema>

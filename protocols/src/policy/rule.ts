/**
 * A rule as data, and the file that holds rules (security.md B6).
 *
 * `subject`, `action` and `resource` are ASCII patterns. A pattern is `*`, an exact id, or a prefix of whole segments
 * followed by `*`: `agent:*`, `files.*`, `orgb/files.*`. `agent:a*` is refused at load.
 */
import { z } from 'zod'
import { obligationsSchema } from '../capability/obligation.ts'

export const effects = ['allow', 'deny', 'require_approval'] as const
export type Effect = (typeof effects)[number]

const patternSchema = z
  .string()
  .min(1)
  .max(600)
  .regex(/^[\x21-\x7e]+$/, 'not printable ASCII without spaces')
const patternsSchema = z.union([patternSchema, z.array(patternSchema).min(1).max(64)])

export const ruleSchema = z.strictObject({
  id: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[A-Za-z0-9._-]+$/, 'not letters, digits, dot, dash, underscore'),
  description: z.string().max(1024).optional(),
  effect: z.enum(effects),
  subject: patternsSchema,
  action: patternsSchema.describe('invoke, grant, import or decide; * for all'),
  resource: patternsSchema.describe('Capability references'),
  when: z.string().max(4096).optional().describe('CEL, over subject, action, resource, args, purpose, remote, now'),
  obligations: obligationsSchema.optional(),
  limit: z
    .strictObject({ calls: z.int().min(1).max(10_000_000), per_seconds: z.int().min(1).max(86_400) })
    .optional()
    .describe('Calls per window, per principal and capability'),
})
export type Rule = z.infer<typeof ruleSchema>

export const policyFileSchema = z.strictObject({
  version: z.int().min(1).optional(),
  rules: z.array(ruleSchema).max(10_000),
})
export type PolicyFile = z.infer<typeof policyFileSchema>

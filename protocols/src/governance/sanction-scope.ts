/**
 * What of its subject a sanction is about (security.md B12): calls of some capabilities, of some callers, in one direction.
 * Every part that is there has to fit; a sanction without a scope is about everything.
 */
import { z } from 'zod'
import { principalSchema } from '../syntax/principal.ts'

/** `*`, an id, or a prefix of whole segments with `.*` or `/*`. */
const scopePatternSchema = z
  .string()
  .max(200)
  .regex(
    /^(?:\*|(?:[a-z0-9_-]+\/)?(?:\*|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?:\.\*)?))$/,
    'not a capability id, a prefix such as files.* or orgb/*, or *',
  )

export const sanctionDirections = ['inbound', 'outbound'] as const
export type SanctionDirection = (typeof sanctionDirections)[number]

export const sanctionScopeSchema = z
  .strictObject({
    capabilities: z
      .array(scopePatternSchema)
      .min(1)
      .max(32)
      .optional()
      .describe('Ids, or prefixes such as files.*; orgb/files.* of an imported one. Default: all'),
    agents: z
      .array(principalSchema)
      .min(1)
      .max(32)
      .optional()
      .describe(
        'Who calls: principals behind the kernel, or of this one where it calls that kernel. Default: everybody',
      ),
    direction: z
      .enum(sanctionDirections)
      .optional()
      .describe('inbound: what is called here; outbound: what this kernel calls at others. Default: both'),
  })
  .refine((scope) => Object.values(scope).some((part) => part !== undefined), 'a scope names something')
export type SanctionScope = z.infer<typeof sanctionScopeSchema>

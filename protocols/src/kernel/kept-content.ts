/** What a kernel kept of the content of its calls, and what an operator asks it to erase. */
import { z } from 'zod'
import { base64urlSchema, hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { callIdSchema } from '../syntax/ids.ts'
import { principalSchema } from '../syntax/principal.ts'
import { unixMsSchema } from '../syntax/time.ts'

export const contentKinds = ['arguments', 'result'] as const

const count = z.int().min(0)

export const keptContentSchema = z.object({
  callId: callIdSchema,
  origin: z.string().max(512).describe('Of the log that tells of the call'),
  capability: z.string().max(600).optional(),
  principal: z.string().max(600).optional().describe('Who asked'),
  parts: z.array(
    z.object({
      kind: z.enum(contentKinds),
      state: z
        .enum(['kept', 'erased', 'not_kept', 'unreadable'])
        .describe('unreadable: what is on the disk is not what was kept'),
      salt: base64urlSchema(255)
        .optional()
        .describe('With the content it gives the commitment; whoever is shown both can check it'),
      content: z.string().optional().describe('JSON text; arguments as they were after the firewall'),
      bytes: count.optional(),
      keptAt: unixMsSchema.optional(),
      commitment: hashSchema.optional().describe('What the log says: SHA-256 of salt and bytes'),
      check: z
        .enum(['matches', 'changed_by_firewall', 'mismatch', 'not_in_log'])
        .optional()
        .describe(
          'Against the commitment. changed_by_firewall: the other kernel committed to what it sent, and the firewall of this one changed that before it was passed on and kept, as the verdicts in the log say',
        ),
      reason: z.string().max(1024).optional().describe('Why it cannot be read'),
      erased: z
        .object({
          seq: count.describe('The entry that tells of it'),
          at: unixMsSchema,
          by: principalSchema.optional().describe('Absent when its time was over'),
          reason: z.string().max(1024).optional(),
        })
        .optional(),
    }),
  ),
})
export type KeptContent = z.infer<typeof keptContentSchema>
export type KeptPart = KeptContent['parts'][number]

/** Calls whose arguments are asked for at once: with the largest of each it is an answer that still fits. */
export const MAX_ARGUMENTS_ASKED = 32

export const keptArgumentsSchema = z.array(
  z.object({
    callId: callIdSchema,
    commitment: hashSchema.describe('SHA-256 of salt and content, which the log has to have too'),
    content: z.string().describe('JSON text'),
  }),
)
export type KeptArguments = z.infer<typeof keptArgumentsSchema>

/** Everything that is given has to hold; at least one is. */
export const eraseContentSchema = z
  .strictObject({
    callId: callIdSchema.optional(),
    principal: z.string().min(1).max(600).optional().describe('Who asked, as in the log'),
    peer: didSchema.optional().describe('The other kernel of the call'),
    before: unixMsSchema.optional().describe('Kept before this; exclusive'),
    by: principalSchema.describe('Who says so: person:NAME'),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .refine((text) => text.isWellFormed(), 'holds half a character')
      .describe('Why; it is in the log'),
    dryRun: z.boolean().optional().describe('Only says what would be erased'),
  })
  .refine(
    ({ callId, principal, peer, before }) => [callId, principal, peer, before].some((each) => each !== undefined),
    'names neither a call, a principal, a peer nor a time',
  )
export type EraseContent = z.infer<typeof eraseContentSchema>

export const erasedContentSchema = z.object({
  records: count.describe('Arguments and results'),
  calls: count,
  bytes: count.describe('Of their content'),
  stored: count.describe('Stored results and last approved arguments that went with them'),
  entries: z.array(count).describe('Sequence numbers of the entries that tell of it'),
})
export type ErasedContent = z.infer<typeof erasedContentSchema>

/**
 * What a call says before it ends. Notes are screened like results, are in no receipt and prove nothing; a call whose
 * data is labelled, or that changes something, says numbers only.
 */
import { z } from 'zod'

/** As syslog (RFC 5424) and MCP name them. */
export const noteLevels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const

/** Notes of one call that are passed on. */
export const MAX_CALL_NOTES = 10_000

export const callNoteSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('progress'),
    progress: z.number(),
    total: z.number().optional(),
    message: z.string().max(512).optional(),
  }),
  z.strictObject({
    type: z.literal('log'),
    level: z.enum(noteLevels),
    logger: z.string().max(64).optional(),
    data: z.unknown().describe('At most 768 bytes as JSON'),
  }),
  z
    .strictObject({
      type: z.literal('text'),
      text: z.string().min(1).max(65_536),
      at: z.int().min(0).describe('UTF-16 code units of the result before it; a gap says that a note was lost'),
    })
    .describe('A piece of a result that is one text, before all of it is there'),
  z.strictObject({ type: z.literal('updated'), uri: z.string().max(768) }).describe('A resource that is watched'),
])
export type CallNote = z.infer<typeof callNoteSchema>

/**
 * Parts of A2A messages and artifacts as ProtoJSON has them (A2A 1.0, section 4.1.6). Members that this version does not
 * know are dropped: what nobody has looked at is passed on to nobody.
 */
import { z } from 'zod'

/** Characters of an id that somebody else makes. */
export const MAX_A2A_ID_CHARS = 256

export const a2aIdSchema = z
  .string()
  .min(1)
  .max(MAX_A2A_ID_CHARS)
  .regex(/^[\x21-\x7e]+$/, 'not printable ASCII')

/** Free members of messages, artifacts and tasks, by name. */
export const a2aMetadataSchema = z.record(z.string().max(1024), z.unknown())

const contents = ['text', 'raw', 'url', 'data'] as const

export const a2aPartSchema = z
  .object({
    text: z.string().optional(),
    raw: z
      .string()
      .regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'not base64')
      .optional(),
    url: z.string().max(8192).optional(),
    data: z.unknown().describe('Any JSON value').optional(),
    metadata: a2aMetadataSchema.optional(),
    filename: z.string().max(1024).optional(),
    mediaType: z.string().max(256).optional(),
  })
  .refine(
    (part) => contents.filter((name) => part[name] !== undefined).length === 1,
    'is exactly one of text, raw, url, data',
  )
export type A2aPart = z.infer<typeof a2aPartSchema>

/** One part of a secret key, as its holder keeps it in a file: some of them together give the key back. */
import { z } from 'zod'
import { base64urlSchema } from '../syntax/base64url.ts'
import { callIdSchema } from '../syntax/ids.ts'

/** Longest file of a share, bytes. */
export const MAX_KEY_SHARE_BYTES = 2_048

export const keyShareSchema = z.strictObject({
  kind: z.literal('hansa-key-share'),
  v: z.literal(1),
  key: z.string().max(64).describe('Public key of the whole, as a multikey'),
  split: callIdSchema.describe('Shares of one splitting belong together, and with no others'),
  needed: z.int().min(2).max(16),
  of: z.int().min(2).max(16),
  number: z.int().min(1).max(16),
  share: base64urlSchema(32),
})
export type KeyShare = z.infer<typeof keyShareSchema>

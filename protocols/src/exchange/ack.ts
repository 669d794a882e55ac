/** A's word that the receipt arrived: an envelope of type `hansa-ack`. Its absence is evidence against A (security.md B8). */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { callIdSchema } from '../syntax/ids.ts'

export const ackSchema = z.strictObject({
  v: z.literal(1),
  call_id: callIdSchema,
  receipt_hash: hashSchema,
  withheld: z.boolean().optional().describe('The result did not arrive or was not released'),
})
export type Ack = z.infer<typeof ackSchema>

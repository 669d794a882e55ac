/**
 * A's word that receipts arrived: of one an envelope of type `hansa-ack`, of several together one of type `hansa-acks`. Its
 * absence is evidence against A (security.md B8).
 */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { callIdSchema } from '../syntax/ids.ts'

/** Most receipts in one statement, which fits an envelope then. */
export const MAX_ACKED_RECEIPTS = 128

const acknowledgedReceipt = {
  call_id: callIdSchema,
  receipt_hash: hashSchema,
  withheld: z.boolean().optional().describe('The result did not arrive or was not released'),
}

export const ackSchema = z.strictObject({ v: z.literal(1), ...acknowledgedReceipt })
export type Ack = z.infer<typeof ackSchema>

export const acksSchema = z.strictObject({
  v: z.literal(1),
  acks: z
    .array(z.strictObject(acknowledgedReceipt))
    .min(1)
    .max(MAX_ACKED_RECEIPTS)
    .refine(areOfDifferentCalls, 'a call is acknowledged twice'),
})
export type Acks = z.infer<typeof acksSchema>
/** What both say of one receipt. */
export type AcknowledgedReceipt = Acks['acks'][number]

/** Nobody can say which of two counts. */
export function areOfDifferentCalls(acks: readonly Pick<Ack, 'call_id'>[]): boolean {
  return new Set(acks.map(({ call_id }) => call_id)).size === acks.length
}

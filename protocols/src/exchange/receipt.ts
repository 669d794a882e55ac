/** What B says it did, signed by B: an envelope of type `hansa-receipt`. A denial is a receipt too (wire.md). */
import { z } from 'zod'
import { labelsSchema } from '../capability/label.ts'
import { obligationsSchema } from '../capability/obligation.ts'
import { allCodes } from '../errors/codes.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { approvalIdSchema, callIdSchema, denialIdSchema } from '../syntax/ids.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const receiptStatuses = [
  'ok',
  'denied',
  'approval_required',
  'input_required',
  'failed',
  'outcome_unknown',
] as const
export type ReceiptStatus = (typeof receiptStatuses)[number]

export const receiptSchema = z.strictObject({
  v: z.literal(1),
  call_id: callIdSchema,
  intent_hash: hashSchema,
  status: z.enum(receiptStatuses),
  code: z.enum(allCodes).optional().describe('Present unless status is ok or input_required'),
  denial_id: denialIdSchema.optional(),
  approval: approvalIdSchema.optional().describe('Present when status is approval_required'),
  retry_of: callIdSchema.optional().describe('The earlier call with the same idempotency key whose result this is'),
  result_c: hashSchema
    .nullable()
    .describe(
      'SHA-256(salt ‖ result bytes); null without a result. With status failed: what the capability says of its failure',
    ),
  labels: labelsSchema,
  obligations: obligationsSchema.describe('Those that B fulfilled'),
  decision_hash: hashSchema.optional(),
  pol: z.int().min(0).describe('Version of the policy that decided'),
  started: unixSecondsSchema,
  finished: unixSecondsSchema,
  log: z.strictObject({
    origin: z.string().max(512),
    index: z.int().min(0),
    leaf_hash: hashSchema,
    mmd_s: z.int().min(1).max(3600).describe('Seconds within which the entry is under a signed checkpoint'),
  }),
})
export type Receipt = z.infer<typeof receiptSchema>

/** What A asks of B, signed by A before anything happens: an envelope of type `hansa-intent` (wire.md). */
import { z } from 'zod'
import { labelsSchema } from '../capability/label.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityIdSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { approvalIdSchema, callIdSchema, sessionIdSchema } from '../syntax/ids.ts'
import { unixSecondsSchema } from '../syntax/time.ts'
import { checkpointReferenceSchema } from './checkpoint-reference.ts'
import { acceptedInputSchema } from './input-request.ts'

/** Longest life of an intent, seconds (security.md B0.4). */
export const MAX_INTENT_LIFE_SECONDS = 60

export const intentSchema = z.strictObject({
  v: z.literal(1),
  call_id: callIdSchema,
  sid: sessionIdSchema,
  ctr: z.int().min(1).describe('Counts up by one per intent of this session'),
  iss: didSchema,
  aud: didSchema,
  sub: hashSchema.describe('Pairwise pseudonym of the principal: HMAC-SHA-256 under a secret of the issuer'),
  cap: capabilityIdSchema,
  cap_hash: hashSchema,
  args_c: hashSchema.describe('SHA-256(salt ‖ argument bytes); the salt travels beside the intent'),
  labels: labelsSchema.describe('Labels of the arguments'),
  purpose: z.string().max(256).optional(),
  prf: z.array(hashSchema).max(4).describe('Hashes of the delegation links that travel beside the intent'),
  obo: z.string().max(600).optional().describe('On behalf of whom'),
  hops: z.array(didSchema).max(8).describe('Kernels that this piece of work has passed, first to last'),
  ttl_hops: z.int().min(0).max(8).describe('How many more kernels it may pass'),
  deadline_ms: z.int().min(1).max(600_000).describe('Milliseconds from receipt'),
  idem_key: z
    .string()
    .max(128)
    .regex(/^[\x21-\x7e]+$/)
    .optional(),
  approval: approvalIdSchema.optional().describe('An approval that the audience granted for exactly this action'),
  retry_of: callIdSchema
    .optional()
    .describe('An attempt that the audience is believed not to have looked at; if it did, it does not act again'),
  accepts: acceptedInputSchema
    .optional()
    .describe('What the audience may ask for before it goes on; nothing without it'),
  continues: callIdSchema
    .optional()
    .describe('The call that asked for what is answered here; the arguments are then `{ arguments, responses }`'),
  fence: z.strictObject({ lease: z.string().max(256), token: z.int().min(0) }).optional(),
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive; at most 60 s after iat'),
  chk: checkpointReferenceSchema.optional().describe('The last checkpoint of the audience that the issuer holds'),
})
export type Intent = z.infer<typeof intentSchema>

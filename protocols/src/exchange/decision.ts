/** B's answer to "would you permit this?", a JWS of type `hansa-decision+jws`, for `remote_deferred` and dry runs (wire.md). */
import { z } from 'zod'
import { obligationsSchema } from '../capability/obligation.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const DECISION_TYP = 'hansa-decision+jws'

export const decisionSchema = z.strictObject({
  v: z.literal(1),
  iss: didSchema,
  aud: didSchema,
  intent_hash: hashSchema,
  effect: z.enum(['permit', 'deny', 'none']),
  obligations: obligationsSchema,
  pol: z.int().min(0),
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive; at most 60 s after iat'),
})
export type Decision = z.infer<typeof decisionSchema>

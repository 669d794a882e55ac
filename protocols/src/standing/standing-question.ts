/**
 * A kernel asks another one for its own standing there, and why: `POST /hansa/v1/standing`, a JWS of type
 * `hansa-standing+jws`. The answer is a `StandingExplanation` as JSON, of the one who asks and nobody else.
 */
import { z } from 'zod'
import { didSchema } from '../syntax/did.ts'
import { sessionIdSchema } from '../syntax/ids.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const standingQuestionSchema = z.strictObject({
  v: z.literal(1),
  iss: didSchema,
  aud: didSchema,
  sid: sessionIdSchema.describe('A session of the issuer with the audience'),
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive; at most 60 s after iat'),
})
export type StandingQuestion = z.infer<typeof standingQuestionSchema>

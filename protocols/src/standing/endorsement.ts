/**
 * What a kernel says of another one to its peers, a JWS of type `hansa-endorsement+jws` (security.md B9): its own score of
 * that day. What it counts for is for whoever gets it to say.
 *
 * `POST /hansa/v1/endorsements` asks for it, with a JWS of type `hansa-endorsements-request+jws`.
 */
import { z } from 'zod'
import { didSchema } from '../syntax/did.ts'
import { sessionIdSchema } from '../syntax/ids.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const ENDORSEMENT_TYP = 'hansa-endorsement+jws'
export const ENDORSEMENTS_REQUEST_TYP = 'hansa-endorsements-request+jws'

/** Longest endorsement, bytes. */
export const MAX_ENDORSEMENT_BYTES = 4_096
/** Longest time from `iat` to `exp`, seconds. */
export const MAX_ENDORSEMENT_LIFE_SECONDS = 86_400
/** Kernels that one question can be about. */
export const MAX_ENDORSEMENT_SUBJECTS = 64
/** Longest question, bytes. */
export const MAX_ENDORSEMENTS_QUESTION_BYTES = 65_536
/** Longest answer, bytes: an endorsement of each subject. */
export const MAX_ENDORSEMENTS_ANSWER_BYTES = 327_680

export const endorsementSchema = z.strictObject({
  v: z.literal(1),
  iss: didSchema.describe('Who endorses'),
  sub: didSchema.describe('Who is endorsed'),
  score: z.int().min(0).max(1000).describe('What the subject is worth to the issuer, without what others say of it'),
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive; at most a day after iat'),
})
export type Endorsement = z.infer<typeof endorsementSchema>

export const endorsementsQuestionSchema = z.strictObject({
  v: z.literal(1),
  iss: didSchema,
  aud: didSchema,
  sid: sessionIdSchema.describe('A session of the issuer with the audience'),
  about: z.array(didSchema).min(1).max(MAX_ENDORSEMENT_SUBJECTS),
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive; at most 60 s after iat'),
})
export type EndorsementsQuestion = z.infer<typeof endorsementsQuestionSchema>

/** Of those that were asked about and that it endorses. */
export const endorsementsAnswerSchema = z.strictObject({
  v: z.literal(1),
  endorsements: z.array(z.string().max(MAX_ENDORSEMENT_BYTES)).max(MAX_ENDORSEMENT_SUBJECTS),
})
export type EndorsementsAnswer = z.infer<typeof endorsementsAnswerSchema>

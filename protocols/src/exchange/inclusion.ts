/**
 * What one kernel asks another about receipts that it holds: proofs that the entries which they promise are in the log,
 * under a checkpoint that the log's key has signed. `POST /hansa/v1/inclusion`, a JWS of type `hansa-inclusion+jws`; the
 * answer is JSON and carries its own signature, that of the checkpoint.
 */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { sessionIdSchema } from '../syntax/ids.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const INCLUSION_TYP = 'hansa-inclusion+jws'

/** Entries that one question may name. */
export const MAX_INCLUSION_ENTRIES = 256

/** A question: JWS of a payload with up to 256 numbers. */
export const MAX_INCLUSION_QUESTION_BYTES = 8_192
/** An answer: proofs of as many entries in a log of billions, and a checkpoint with its signatures. */
export const MAX_INCLUSION_ANSWER_BYTES = 1_048_576

const proofSchema = z.array(hashSchema).max(64)

export const inclusionQuestionSchema = z.strictObject({
  v: z.literal(1),
  iss: didSchema,
  aud: didSchema,
  sid: sessionIdSchema.describe('A session of the issuer with the audience'),
  origin: z.string().max(512).describe('The log'),
  seen: z.int().min(1).optional().describe('Size of the last checkpoint of that log that the issuer holds'),
  entries: z.array(z.int().min(0)).min(1).max(MAX_INCLUSION_ENTRIES),
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive; at most 60 s after iat'),
})
export type InclusionQuestion = z.infer<typeof inclusionQuestionSchema>

export const inclusionAnswerSchema = z.strictObject({
  v: z.literal(1),
  note: z.string().max(65_536).describe('C2SP signed note: the last checkpoint of the log'),
  consistency: proofSchema.optional().describe('RFC 6962, from the size that was seen to that of the checkpoint'),
  proofs: z
    .array(proofSchema.nullable())
    .max(MAX_INCLUSION_ENTRIES)
    .describe('RFC 6962, for each entry that was asked for, in order; null where the checkpoint does not cover it'),
})
export type InclusionAnswer = z.infer<typeof inclusionAnswerSchema>

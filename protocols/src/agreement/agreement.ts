/**
 * What two kernels agree on, a JWS of type `hansa-agreement+jws`: one of them proposes the terms under its key, the other
 * one accepts exactly these bytes under its own, by their hash. Either ends it alone, by a revocation of kind `agreement`
 * that names the same hash. It grants nothing by itself: it vouches for the other side, and rules may ask for it
 * (security.md B9).
 */
import { z } from 'zod'
import { labelsSchema } from '../capability/label.ts'
import { delegationLimitsSchema } from '../delegation/link.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { callIdSchema, sessionIdSchema } from '../syntax/ids.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const AGREEMENT_TYP = 'hansa-agreement+jws'
export const AGREEMENT_ACCEPTANCE_TYP = 'hansa-agreement-acceptance+jws'

/** Longest proposal and longest acceptance as they travel, bytes. */
export const MAX_AGREEMENT_BYTES = 16_384
export const MAX_ACCEPTANCE_BYTES = 4_096
/** Longest request that hands one of them over. */
export const MAX_AGREEMENT_REQUEST_BYTES = MAX_AGREEMENT_BYTES + 1_024
/** Longest time for which two kernels agree, seconds: three years, so that somebody reads it again. */
export const MAX_AGREEMENT_LIFE_SECONDS = 94_694_400
/** Longest time that a proposal waits to be accepted, seconds: ninety days. */
export const MAX_PROPOSAL_LIFE_SECONDS = 7_776_000
/** The most that an agreement vouches for (security.md B9). */
export const MAX_AGREED_STANDING = 700

/** One line without control characters. */
export const agreementPurposeSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^\p{C}\p{Z}](?:[^\p{C}\p{Zl}\p{Zp}]*[^\p{C}\p{Z}])?$/u, 'not one line of text without space around it')

/** An id, a prefix of whole segments with `.*`, or `*`, as rules have it. */
export const capabilityPatternSchema = z
  .string()
  .max(130)
  .regex(/^(?:\*|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?:\.\*)?)$/, 'not a capability id, a prefix such as files.*, or *')

/**
 * What may be used up under an agreement, over its whole life, as under a link of a chain. It is counted by the kernel that
 * serves, which alone knows what a call costs.
 */
export const agreedLimitsSchema = delegationLimitsSchema
  .omit({ calls: true })
  .refine((limits) => Object.values(limits).some((one) => one !== undefined), 'limits name something')
export type AgreedLimits = z.infer<typeof agreedLimitsSchema>

/** What one side lets the other call. */
export const agreedCallsSchema = z.strictObject({
  capabilities: z.array(capabilityPatternSchema).max(64).describe('None: nothing'),
  labels: labelsSchema.describe('What data of these calls may be labelled with, in arguments and results'),
  calls_per_day: z.int().min(1).max(10_000_000).optional().describe('In any 24 hours. Default: no limit'),
  limits: agreedLimitsSchema.optional().describe('Rows, tokens and money of all calls together. Default: none'),
})
export type AgreedCalls = z.infer<typeof agreedCallsSchema>

export const agreementSchema = z.strictObject({
  v: z.literal(1),
  jti: callIdSchema.describe('Makes two proposals of the same terms two'),
  iss: didSchema.describe('Who proposes'),
  aud: didSchema.describe('Who may accept, and nobody else'),
  purpose: agreementPurposeSchema,
  iss_permits: agreedCallsSchema.describe('What `aud` may call at `iss`'),
  aud_permits: agreedCallsSchema.describe('What `iss` may call at `aud`'),
  standing: z
    .int()
    .min(0)
    .max(MAX_AGREED_STANDING)
    .describe('What each vouches for with itself of the other; 0: nothing'),
  policy: hashSchema
    .optional()
    .describe('Of the policy of the proposer when it proposed; says what it knew, binds nobody'),
  from: unixSecondsSchema.describe('Not before `iat`'),
  until: unixSecondsSchema.describe('Exclusive'),
  accept_by: unixSecondsSchema.describe('Exclusive: an acceptance that is not there by then is none'),
  iat: unixSecondsSchema,
})
export type Agreement = z.infer<typeof agreementSchema>

export const agreementAcceptanceSchema = z.strictObject({
  v: z.literal(1),
  iss: didSchema.describe('Who accepts: `aud` of the proposal'),
  aud: didSchema.describe('`iss` of the proposal'),
  agreement: hashSchema.describe('SHA-256 of "hansa/agreement/v1\\n" and the payload bytes of the proposal'),
  iat: unixSecondsSchema,
})
export type AgreementAcceptance = z.infer<typeof agreementAcceptanceSchema>

/**
 * `POST /hansa/v1/agreements`, in a session: a proposal or an acceptance, by whoever signed it. The proposer may hand the
 * acceptance back: it has it then.
 */
export const agreementRequestSchema = z.strictObject({
  v: z.literal(1),
  sid: sessionIdSchema,
  kind: z.enum(['proposal', 'acceptance']),
  jws: z.string().max(MAX_AGREEMENT_BYTES),
})
export type AgreementRequest = z.infer<typeof agreementRequestSchema>

export const agreementReplySchema = z.object({
  v: z.literal(1),
  taken: z.literal(true),
  acceptance: z
    .string()
    .max(MAX_ACCEPTANCE_BYTES)
    .optional()
    .describe('Of the proposal, where it is accepted: the one that accepted may not reach the one that proposed'),
})
export type AgreementReply = z.infer<typeof agreementReplySchema>

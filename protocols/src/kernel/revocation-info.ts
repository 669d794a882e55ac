/** Revocations as an operator asks for them and sees them. */
import { z } from 'zod'
import { MAX_REVOCATION_BYTES, revocationKinds } from '../revocation/revocation.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { principalSchema } from '../syntax/principal.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

const reasonSchema = z.string().max(256).describe('Why; in the log, and where others are told of it')

/** The first two forms name what they revoke by their member; the third by kind. */
export const revokeSchema = z.union([
  z.strictObject({ token: z.string().max(8192).describe('The token, or its id'), reason: reasonSchema.optional() }),
  z.strictObject({ principal: principalSchema, reason: reasonSchema.optional() }),
  z.strictObject({
    kind: z.enum(revocationKinds),
    what: z
      .string()
      .min(1)
      .max(8192)
      .describe(
        'token: the token or its id; principal; capability: an own id; delegation: the link or its hash; key: its DID URL; agreement: its hash; peer: an alias or DID',
      ),
    reason: reasonSchema.optional(),
    since: unixSecondsSchema.optional().describe('key: signatures from this time on count for nothing. Default: now'),
    by: principalSchema.optional().describe('Who says so: person:NAME'),
  }),
])
export type Revoke = z.infer<typeof revokeSchema>

export const revocationInfoSchema = z.object({
  issuer: didSchema.describe('Whose revocation it is'),
  own: z.boolean().describe('Whether this kernel made it'),
  seq: z.int().min(1),
  hash: hashSchema.describe('SHA-256 of "hansa/revocation/v1\\n" and its payload bytes'),
  kind: z.enum(revocationKinds),
  what: z.string().max(1_024),
  reason: z.string().max(256),
  made: unixSecondsSchema,
  since: unixSecondsSchema.optional().describe('key: signatures from this time on count for nothing'),
  ends: unixSecondsSchema.optional().describe('When what it names would have ended by itself'),
  told: z
    .array(
      z.object({ peer: didSchema, reason: z.string().max(4096).exactOptional().describe('Why it does not know yet') }),
    )
    .exactOptional()
    .describe('Answer of revoke: connected kernels; one without a reason knows of it'),
  jws: z.string().max(MAX_REVOCATION_BYTES).describe('As it was signed'),
})
export type RevocationInfo = z.infer<typeof revocationInfoSchema>

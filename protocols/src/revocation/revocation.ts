/**
 * One revocation, a JWS of type `hansa-revocation+jws`: its issuer takes back what was its own to give, for good
 * (security.md B1). There is nothing that undoes it; what is to hold again is given again, under another name.
 */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityIdSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { principalSchema } from '../syntax/principal.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const REVOCATION_TYP = 'hansa-revocation+jws'
/** Longest revocation as it travels, bytes. */
export const MAX_REVOCATION_BYTES = 4_096

export const revocationKinds = ['token', 'principal', 'capability', 'delegation', 'key', 'agreement', 'peer'] as const
export type RevocationKind = (typeof revocationKinds)[number]

/** What other kernels are told of. The rest concerns the kernel that revokes, and nobody else. */
export const publicRevocationKinds = ['capability', 'delegation', 'key', 'agreement'] as const
export type PublicRevocationKind = (typeof publicRevocationKinds)[number]

/** A DID URL that names one key. */
const kidSchema = z
  .string()
  .max(1_024)
  .regex(
    /^did:[a-z0-9]{1,32}:(?:[A-Za-z0-9._:-]{1,470}|[A-Za-z0-9._:-]{1,235}%3A[A-Za-z0-9._:-]{1,232})#[A-Za-z0-9._:-]{1,470}$/,
    'not the DID URL of a key',
  )

/** What each kind is named by. */
const whats: Record<RevocationKind, z.ZodType> = {
  token: hashSchema,
  principal: principalSchema,
  capability: capabilityIdSchema,
  delegation: hashSchema,
  key: kidSchema,
  agreement: hashSchema,
  peer: didSchema,
}

export const revocationSchema = z
  .strictObject({
    v: z.literal(1),
    iss: didSchema,
    seq: z.int().min(1).describe('Higher than that of every revocation that its issuer made before'),
    kind: z.enum(revocationKinds),
    what: z
      .string()
      .max(1_024)
      .describe(
        'token: hash of its id; principal; capability: its id; delegation: hash of the link; key: its DID URL; agreement: its hash; peer: its DID',
      ),
    reason: z.string().max(256),
    iat: unixSecondsSchema,
    since: unixSecondsSchema.optional().describe('key: signatures from this time on count for nothing'),
    exp: unixSecondsSchema
      .optional()
      .describe('When what is revoked would have ended by itself; then it may be forgotten'),
  })
  .superRefine(({ kind, what, since }, context) => {
    if (!whats[kind].safeParse(what).success)
      context.addIssue({ code: 'custom', path: ['what'], message: `does not name a ${kind}` })
    if ((kind === 'key') !== (since !== undefined))
      context.addIssue({ code: 'custom', path: ['since'], message: 'is there for a key and for nothing else' })
  })
export type Revocation = z.infer<typeof revocationSchema>

export function isPublicRevocation(kind: RevocationKind): kind is PublicRevocationKind {
  return (publicRevocationKinds as readonly string[]).includes(kind)
}

/**
 * One link of a delegation chain, a JWS of type `hansa-delegation+jws`: a kernel lets another one act on what it owns, or
 * passes on what it was given, never more (security.md B5). The chain travels beside an intent that names its hashes.
 */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { callIdSchema } from '../syntax/ids.ts'
import { unixSecondsSchema } from '../syntax/time.ts'
import { moneySchema } from './charge.ts'
import { predicatesSchema } from './predicate.ts'

export const DELEGATION_TYP = 'hansa-delegation+jws'

/** Links of a chain, and bytes of all of them as they travel. */
export const MAX_DELEGATION_LINKS = 4
export const MAX_DELEGATION_BYTES = 8_192
/** Longest life of a link, seconds. */
export const MAX_DELEGATION_LIFE_SECONDS = 31_536_000

/** What may be used up under a link, over its whole life; a name that is not there is not limited by this link. */
export const delegationLimitsSchema = z.strictObject({
  calls: z.int().min(0).max(1_000_000_000).optional(),
  rows: z.int().min(0).max(1_000_000_000).optional().describe('Rows of results'),
  tokens: z.int().min(0).max(1_000_000_000_000).optional().describe('Tokens of models'),
  money: moneySchema.optional().describe('ISO 4217 code, and the amount in its minor unit'),
})
export type DelegationLimits = z.infer<typeof delegationLimitsSchema>

export const delegationLinkSchema = z.strictObject({
  v: z.literal(1),
  jti: callIdSchema,
  root: callIdSchema.describe('Names the chain: jti of its first link'),
  iss: didSchema,
  aud: didSchema.describe('The one who may act, and nobody else'),
  sub: didSchema.describe('Who owns what is acted on: issuer of the first link'),
  cmd: z
    .string()
    .max(160)
    .regex(/^\/(?:[a-z0-9_-]+(?:\/[a-z0-9_-]+)*)?$/, 'not a path such as /billing/invoice')
    .describe('Capabilities below this path: the id with slashes for its dots. / for all'),
  pol: predicatesSchema,
  lim: delegationLimitsSchema,
  nbf: unixSecondsSchema,
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive'),
  dep: z
    .int()
    .min(0)
    .max(MAX_DELEGATION_LINKS - 1)
    .describe('How many more links may follow'),
  prf: hashSchema.nullable().describe('Hash of the link before; null in the first'),
  obo: z.string().max(600).optional().describe('On behalf of whom, as the issuer calls them'),
})
export type DelegationLink = z.infer<typeof delegationLinkSchema>

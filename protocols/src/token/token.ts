/**
 * The payload of a kernel-scoped token `hkt1.<kid>.<payload>[.<caveat>]*.<tag>` and its closed list of caveats
 * (security.md B4, wire.md). The MAC covers the ASCII text as sent; `iss` and `aud` are both the kernel that minted it.
 */
import { z } from 'zod'
import { labelsSchema } from '../capability/label.ts'
import { obligationsSchema } from '../capability/obligation.ts'
import { issuerNameSchema } from '../issuer/issuer-info.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityRefSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { callIdSchema, sessionIdSchema } from '../syntax/ids.ts'
import { principalSchema } from '../syntax/principal.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const TOKEN_PREFIX = 'hkt1'

/** Longest token text that is looked at, characters. */
export const MAX_TOKEN_CHARS = 8_192

/** Seconds: default and longest life of a token (security.md B0.4). */
export const DEFAULT_TOKEN_LIFE_SECONDS = 300
export const MAX_TOKEN_LIFE_SECONDS = 3_600

export const tokenPayloadSchema = z.strictObject({
  v: z.literal(1),
  iss: didSchema,
  aud: didSchema,
  jti: callIdSchema.describe('128 random bits'),
  sub: principalSchema,
  cap: capabilityRefSchema,
  cap_hash: hashSchema,
  cnf: z.strictObject({ sid: sessionIdSchema }).optional().describe('The session that alone may use it'),
  iat: unixSecondsSchema,
  exp: unixSecondsSchema,
  uses: z.int().min(1).max(1_000_000),
  call: callIdSchema.optional(),
  intent: hashSchema.optional(),
  pol: z.int().min(0),
  obl: obligationsSchema,
  lim: z.strictObject({ max_rows: z.int().min(0).optional(), max_bytes: z.int().min(1).optional() }),
  labels: labelsSchema,
  obo: principalSchema.optional().describe('On behalf of whom `sub` acts'),
  via: issuerNameSchema.optional().describe('Issuer whose token was exchanged for this one'),
  pe: z.int().min(0).describe('Epoch of the principal; a bump rejects every earlier token'),
})
export type TokenPayload = z.infer<typeof tokenPayloadSchema>

/** One narrowing, added by whoever holds the token. Exactly one member each; an unknown one rejects the token. */
export const caveatSchema = z.union([
  z.strictObject({ exp: unixSecondsSchema }),
  z.strictObject({ not_before: unixSecondsSchema }),
  z.strictObject({ cap: capabilityRefSchema }),
  z.strictObject({ cap_hash: hashSchema }),
  z.strictObject({ principal: principalSchema }),
  z.strictObject({ sid: sessionIdSchema }),
  z.strictObject({ intent: hashSchema }),
  z.strictObject({ uses: z.int().min(1) }),
  z.strictObject({ max_rows: z.int().min(0) }),
  z.strictObject({ max_bytes: z.int().min(1) }),
  z.strictObject({ fields: z.array(z.string().max(128)).max(64) }),
  z.strictObject({ labels_max: labelsSchema }),
])
export type Caveat = z.infer<typeof caveatSchema>

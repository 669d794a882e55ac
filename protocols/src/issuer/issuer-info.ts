/** Issuers of tokens that a kernel takes, as it shows them to an operator. */
import { z } from 'zod'
import { principalSchema } from '../syntax/principal.ts'

/** Also a part of a policy's or a log's words: short, lower-case. */
export const issuerNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,31}$/, 'not a name of at most 32 characters of a-z, 0-9, dot, underscore and hyphen')

/** RS256 is taken only where the operator lists it. */
export const issuerAlgorithms = ['EdDSA', 'ES256', 'RS256'] as const
export type IssuerAlgorithm = (typeof issuerAlgorithms)[number]

export const issuerKindSchema = z.enum(['oidc', 'spiffe'])
export type IssuerKind = z.infer<typeof issuerKindSchema>

export const issuerKeyInfoSchema = z.object({
  kid: z.string().max(256),
  alg: z.enum(issuerAlgorithms),
})

export const refusedKeySchema = z.object({
  kid: z.string().max(256).optional(),
  reason: z.string().max(256).describe('Why no token is verified with it'),
})

export const issuerInfoSchema = z.object({
  name: issuerNameSchema,
  kind: issuerKindSchema,
  who: z.string().max(2_048).describe('The `iss` of its tokens, or its trust domain'),
  audience: z.string().max(2_048).describe('The `aud` that a token has to name'),
  algorithms: z.array(z.enum(issuerAlgorithms)),
  principal: z.string().max(256).describe('As whom its subjects act'),
  keysFrom: z.string().max(4_096).describe('URL or file'),
  keys: z.array(issuerKeyInfoSchema).describe('That tokens are verified with now'),
  readAt: z.int().min(0).optional().describe('When they were read, Unix seconds'),
  fault: z.string().max(1_024).optional().describe('Why they could not be read the last time'),
})
export type IssuerInfo = z.infer<typeof issuerInfoSchema>

/** What an issuer's keys are when they are read now, and what a token of it would be taken as. */
export const issuerCheckSchema = issuerInfoSchema.extend({
  refused: z.array(refusedKeySchema),
  token: z
    .union([
      z.object({
        ok: z.literal(true),
        principal: principalSchema,
        onBehalfOf: principalSchema.optional(),
        expires: z.int().describe('Unix seconds'),
        scopes: z.array(z.string()).optional(),
      }),
      z.object({ ok: z.literal(false), reason: z.string().max(1_024) }),
    ])
    .optional()
    .describe('Of the token that was given'),
})
export type IssuerCheck = z.infer<typeof issuerCheckSchema>

/**
 * The token endpoint of a node: RFC 8693 token exchange in the words of RFC 6749, and its metadata (RFC 8414). What it
 * issues is a token of this kernel, for one capability.
 */
import { z } from 'zod'

export const oauthPaths = {
  /** POST of a form with the members of `tokenRequestSchema`. */
  token: '/oauth/token',
  /** GET */
  metadata: '/.well-known/oauth-authorization-server',
} as const

export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const CLIENT_ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'

/** What a token is said to be that is handed in. `jwt` is either of the others. */
export const issuedTokenTypes = [
  ACCESS_TOKEN_TYPE,
  'urn:ietf:params:oauth:token-type:jwt',
  'urn:ietf:params:oauth:token-type:id_token',
] as const
export type IssuedTokenType = (typeof issuedTokenTypes)[number]

/** Largest body that is read, bytes. */
export const MAX_TOKEN_REQUEST_BYTES = 65_536

const token = z.string().min(1).max(16_384)

/** Members that are not named here are ignored, as RFC 6749 says. */
export const tokenRequestSchema = z.object({
  grant_type: z.string().max(256),
  subject_token: token,
  subject_token_type: z.enum(issuedTokenTypes),
  actor_token: token.optional(),
  actor_token_type: z.enum(issuedTokenTypes).optional(),
  requested_token_type: z.string().max(256).optional(),
  audience: z.string().max(2_048).optional().describe('The DID of the kernel, or nothing'),
  resource: z.string().max(2_048).optional().describe('The DID of the kernel, or nothing'),
  scope: z.string().max(2_048).describe('invoke:CAPABILITY once, and uses:N, max_rows:N, max_bytes:N').optional(),
  client_id: z.string().max(256).optional(),
  client_assertion: token.optional(),
  client_assertion_type: z.string().max(256).optional(),
})
export type TokenRequest = z.infer<typeof tokenRequestSchema>

export const tokenResponseSchema = z.object({
  access_token: z.string().max(8_192).describe('A token of this kernel; shown as a bearer where agents connect'),
  issued_token_type: z.literal(ACCESS_TOKEN_TYPE),
  token_type: z.literal('Bearer'),
  expires_in: z.int().min(1).describe('Seconds'),
  scope: z.string().max(2_048).describe('What was granted'),
})
export type TokenResponse = z.infer<typeof tokenResponseSchema>

/** RFC 6749 section 5.2, and RFC 8693 section 2.2.2. */
export const tokenErrors = [
  'invalid_request',
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
] as const
export type TokenError = (typeof tokenErrors)[number]

export const tokenErrorSchema = z.object({
  error: z.enum(tokenErrors),
  error_description: z.string().max(1_024).optional(),
})

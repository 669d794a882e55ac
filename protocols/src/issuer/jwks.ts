/**
 * Public keys as an issuer of tokens publishes them: a JWK set (RFC 7517), or the bundle of a SPIFFE trust domain. Loose,
 * because a set may hold keys of other kinds and uses; which of them count is decided key by key in `trust`.
 */
import { z } from 'zod'

/** Largest document of keys, or about where they are, that is read, bytes (security.md B11). */
export const MAX_JWKS_BYTES = 262_144
/** Keys of one set: bounds what admitting them costs. */
export const MAX_JWKS_KEYS = 64

const member = z.string().max(2_048)

export const jwkSchema = z.looseObject({
  kty: z.string().max(32),
  kid: z.string().min(1).max(256).optional(),
  use: z.string().max(64).optional(),
  alg: z.string().max(64).optional(),
  key_ops: z.array(z.string().max(64)).max(16).optional(),
  crv: z.string().max(32).optional(),
  x: member.optional(),
  y: member.optional(),
  n: member.optional(),
  e: member.optional(),
})
export type Jwk = z.infer<typeof jwkSchema>

export const jwkSetSchema = z.looseObject({
  keys: z.array(jwkSchema).max(MAX_JWKS_KEYS),
  spiffe_sequence: z.int().min(0).optional().describe('Counts up with every change of a SPIFFE bundle'),
  spiffe_refresh_hint: z.int().min(1).optional().describe('How often a SPIFFE bundle is to be read again, seconds'),
})
export type JwkSet = z.infer<typeof jwkSetSchema>

/** What is read of the document of an OpenID provider, or of an authorization server (RFC 8414). */
export const providerMetadataSchema = z.looseObject({ issuer: z.string().max(2_048), jwks_uri: z.string().max(2_048) })
export type ProviderMetadata = z.infer<typeof providerMetadataSchema>

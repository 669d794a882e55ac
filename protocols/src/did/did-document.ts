/**
 * The parts of a DID document (W3C DID 1.0) that this system reads. Documents are written by others and carry members of
 * other vocabularies, so unknown members are left out and not refused; what they would change is nothing here.
 */
import { z } from 'zod'
import { didSchema } from '../syntax/did.ts'

const id = z.string().min(1).max(1024)
const base64url = z.string().max(1024)

/** Members of a public JWK (RFC 8037); a private one has `d`, which is looked for and refused. */
const jwkSchema = z.object({
  kty: z.string().max(32),
  crv: z.string().max(32).optional(),
  x: base64url.optional(),
  d: z.unknown().optional(),
})

export const verificationMethodSchema = z.object({
  id,
  type: z.string().max(128),
  controller: z.string().max(1024).optional(),
  publicKeyMultibase: z.string().max(1024).optional(),
  publicKeyJwk: jwkSchema.optional(),
  secretKeyMultibase: z.unknown().optional(),
  privateKeyMultibase: z.unknown().optional(),
})
export type VerificationMethod = z.infer<typeof verificationMethodSchema>

const relationshipSchema = z.array(z.union([id, verificationMethodSchema])).max(64)

export const didServiceSchema = z.object({
  id,
  type: z.union([z.string().max(128), z.array(z.string().max(128)).max(16)]),
  serviceEndpoint: z.unknown(),
})
export type DidService = z.infer<typeof didServiceSchema>

export const didDocumentSchema = z.object({
  id: didSchema,
  controller: z.union([didSchema, z.array(didSchema).max(16)]).optional(),
  alsoKnownAs: z.array(z.string().max(2048)).max(64).optional(),
  verificationMethod: z.array(verificationMethodSchema).max(64).optional(),
  authentication: relationshipSchema.optional(),
  assertionMethod: relationshipSchema.optional(),
  capabilityInvocation: relationshipSchema.optional(),
  capabilityDelegation: relationshipSchema.optional(),
  service: z.array(didServiceSchema).max(64).optional(),
})
export type DidDocument = z.infer<typeof didDocumentSchema>

/** Type of the service by which a kernel says which of its keys it revoked, and since when they count as known to others. */
export const KEY_REVOCATIONS_SERVICE = 'HansaKeyRevocations'

export const revokedKeySchema = z.strictObject({
  kid: id,
  compromised_since: z.int().min(0).describe('Unix seconds from which its signatures prove nothing'),
  reason: z.string().max(256),
})
export type RevokedKey = z.infer<typeof revokedKeySchema>

export const keyRevocationsSchema = z.strictObject({ revoked: z.array(revokedKeySchema).max(1_000) })

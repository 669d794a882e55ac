/**
 * The four messages of a handshake (security.md B3, wire.md). M1 and M3 go to the responder, M2 and M4 come back.
 *
 *   sigB = Ed25519(B, "hansa/hs/v1/B\n" ‖ H(M1) ‖ H(M2 without sig) ‖ cb)
 *   sigA = Ed25519(A, "hansa/hs/v1/A\n" ‖ H(M1) ‖ H(M2) ‖ cb)
 *
 * H is SHA-256 of the canonical JSON. The cookie is an HMAC of the responder over M1 and M2 without cookie and sig, and
 * M3 echoes both, so the responder keeps no state before it has seen a signature.
 */
import { z } from 'zod'
import { checkpointReferenceSchema } from '../exchange/checkpoint-reference.ts'
import { MAX_MANIFEST_BYTES } from '../manifest/capability-manifest.ts'
import { MAX_HANDSHAKE_STATUS_BYTES } from '../revocation/revocation-status.ts'
import { base64urlSchema, hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { sessionIdSchema } from '../syntax/ids.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const SUITE = 'hansa-ed25519-sha256/1'

const manifestReferenceSchema = z.strictObject({ seq: z.int().min(1), hash: hashSchema })

const revSchema = z.int().min(0)

const statusSchema = z
  .string()
  .max(MAX_HANDSHAKE_STATUS_BYTES)
  .describe('What the sender has revoked, a JWS of type hansa-revocation-status+jws')

const kidSchema = z.string().max(1024).describe('DID URL of the key that signed, for authentication')

/**
 * How the channel below is bound into the signatures: `exporter` is keying material of the TLS connection itself (RFC
 * 9266), `spki` the key of the certificate, and `local`, which never leaves the machine, as strong as these. So is
 * `peer-ids`, the pair of PeerIds that the handshake of libp2p has proven.
 */
export const channelKinds = ['local', 'spki', 'peer-ids', 'weak', 'exporter'] as const
export type ChannelKind = (typeof channelKinds)[number]

export const helloSchema = z.strictObject({
  v: z.literal(1),
  t: z.literal('hs1'),
  a: didSchema,
  b: didSchema,
  na: hashSchema.describe('32 random bytes'),
  suites: z.array(z.string().max(64)).min(1).max(8),
  ma: manifestReferenceSchema,
  pa: z.int().min(0).describe('Policy version of A'),
  seen: checkpointReferenceSchema.optional().describe('The last checkpoint of B that A remembers'),
  rev: revSchema.optional().describe('Number of the newest revocation of B that A holds'),
  cb: hashSchema
    .optional()
    .describe('SHA-256 of the SPKI of the certificate that A saw; a responder behind a proxy has several'),
  ts: unixSecondsSchema,
})
export type Hello = z.infer<typeof helloSchema>

export const challengeSchema = z.strictObject({
  v: z.literal(1),
  t: z.literal('hs2'),
  a: didSchema,
  b: didSchema,
  na: hashSchema,
  nb: hashSchema.describe('32 random bytes'),
  suite: z.string().max(64),
  sid: sessionIdSchema,
  mb: manifestReferenceSchema,
  pb: z.int().min(0).describe('Policy version of B'),
  seen: checkpointReferenceSchema.optional().describe('The last checkpoint of A that B remembers'),
  rev: revSchema.optional().describe('Number of the newest revocation of A that B holds'),
  ts: unixSecondsSchema,
  cookie: hashSchema,
  kid: kidSchema,
  sig: base64urlSchema(64).min(86),
})
export type Challenge = z.infer<typeof challengeSchema>

/** A checkpoint as a signed note, and the proof that it extends what the other side remembers. */
export const checkpointProofSchema = z.strictObject({
  note: z.string().max(4096),
  consistency: z
    .array(hashSchema)
    .max(64)
    .optional()
    .describe('RFC 6962 proof from the size that the other side has seen'),
})
export type CheckpointProof = z.infer<typeof checkpointProofSchema>

export const proofSchema = z.strictObject({
  v: z.literal(1),
  t: z.literal('hs3'),
  sid: sessionIdSchema,
  m1: helloSchema,
  m2: challengeSchema,
  manifest: z
    .string()
    .max(MAX_MANIFEST_BYTES)
    .optional()
    .describe("A's manifest, whose hash M1 names; needed for level 1"),
  checkpoint: checkpointProofSchema.optional(),
  revocations: statusSchema.optional(),
  kid: kidSchema,
  sig: base64urlSchema(64).min(86),
})
export type Proof = z.infer<typeof proofSchema>

/** 0: the identity is proven. 1: also the manifest, and that the log extends what was last seen. */
export const sessionLevels = [0, 1] as const
export type SessionLevel = (typeof sessionLevels)[number]

export const acceptedSchema = z.strictObject({
  v: z.literal(1),
  t: z.literal('hs4'),
  sid: sessionIdSchema,
  exp: unixSecondsSchema,
  level: z.union([z.literal(0), z.literal(1)]),
  reasons: z.array(z.string().max(256)).max(8).describe('Why the level is not higher'),
  checkpoint: checkpointProofSchema.optional(),
  revocations: statusSchema.optional(),
})
export type Accepted = z.infer<typeof acceptedSchema>

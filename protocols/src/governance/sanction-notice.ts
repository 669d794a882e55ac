/**
 * What one kernel tells others of a sanction, a JWS of type `hansa-sanction+jws` (security.md B12). It binds nobody: only
 * a proof in it that convicts by itself has an effect elsewhere, and whoever gets it verifies that proof again.
 */
import { z } from 'zod'
import { forkProofSchema } from '../ledger/fork-proof.ts'
import { MAX_MANIFEST_BYTES } from '../manifest/capability-manifest.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { sessionIdSchema } from '../syntax/ids.ts'
import { unixSecondsSchema } from '../syntax/time.ts'
import { caseIdSchema, caseTextSchema, sanctionKinds } from './case.ts'
import { sanctionScopeSchema } from './sanction-scope.ts'

export const SANCTION_NOTICE_TYP = 'hansa-sanction+jws'

/** Longest notice, bytes: two manifests as large as manifests may be, and the rest. */
export const MAX_NOTICE_BYTES = 1_048_576
/** Longest request, with the session that it comes in. */
export const MAX_NOTICE_REQUEST_BYTES = MAX_NOTICE_BYTES + 1_024

/** A manifest as it travels; expired ones convict too. */
const manifestJwsSchema = z
  .string()
  .max(MAX_MANIFEST_BYTES)
  .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, 'not a compact JWS')

export const noticeEvidenceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('fork'),
    proof: forkProofSchema,
    manifest: manifestJwsSchema
      .optional()
      .describe('Of the subject, naming the key of that log; not needed by whoever has the key'),
  }),
  z.strictObject({
    kind: z.literal('equivocation'),
    manifests: z.tuple([manifestJwsSchema, manifestJwsSchema]).describe('Two manifests of one number'),
  }),
  z.strictObject({
    kind: z.literal('entry').describe('An entry of the log of the issuer; convicts nobody by itself'),
    origin: z.string().max(512),
    seq: z.int().min(0),
    leaf_hash: hashSchema,
  }),
])
export type NoticeEvidence = z.infer<typeof noticeEvidenceSchema>

export const sanctionNoticeSchema = z.strictObject({
  v: z.literal(1),
  iss: didSchema,
  subject: didSchema,
  case: caseIdSchema.describe('Of the issuer'),
  kind: z.enum(sanctionKinds).describe('What the issuer has imposed'),
  until: unixSecondsSchema.nullable().describe('Exclusive; null: without an end'),
  scope: sanctionScopeSchema.optional().describe('What it is about there. Default: everything'),
  reason: caseTextSchema,
  iat: unixSecondsSchema,
  evidence: z.array(noticeEvidenceSchema).max(32),
})
export type SanctionNotice = z.infer<typeof sanctionNoticeSchema>

/** `POST /hansa/v1/notices`: taken in a session that the issuer has opened. */
export const noticeRequestSchema = z.strictObject({
  v: z.literal(1),
  sid: sessionIdSchema,
  notice: z.string().max(MAX_NOTICE_BYTES),
})
export type NoticeRequest = z.infer<typeof noticeRequestSchema>

/** What became of a notice that was sent to one kernel. */
export const noticeDeliverySchema = z.object({
  peer: didSchema,
  alias: z.string().max(64),
  delivered: z.boolean(),
  reason: z.string().max(1_024).exactOptional().describe('Why not'),
})
export type NoticeDelivery = z.infer<typeof noticeDeliverySchema>

export const notifyCaseSchema = z.strictObject({
  id: caseIdSchema,
  to: z.array(z.string().max(64)).min(1).max(256).exactOptional().describe('Aliases of imports. Default: every import'),
})
export type NotifyCase = z.infer<typeof notifyCaseSchema>

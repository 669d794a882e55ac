/**
 * The batch envelope: one Ed25519 signature over the RFC 6962 tree of everything a kernel signed in one turn of its
 * event loop. Leaf = leaf hash of `typ ‖ "\n" ‖ payload bytes`; signed string = `"hansa/batch/v1\n" ‖ u64be(size) ‖ root`.
 * One object alone is the tree of size 1 (wire.md, security.md B8).
 */
import { z } from 'zod'
import { base64urlSchema, hashSchema } from '../syntax/base64url.ts'

/** Most leaves under one signature. */
export const MAX_BATCH_LEAVES = 1024

export const envelopeSchema = z.strictObject({
  payload: base64urlSchema(16_384).describe('Payload bytes'),
  proof: z.strictObject({
    kid: z.string().max(1024).describe('DID URL of the signing key'),
    size: z.int().min(1).max(MAX_BATCH_LEAVES),
    index: z
      .int()
      .min(0)
      .max(MAX_BATCH_LEAVES - 1),
    path: z.array(hashSchema).max(10),
    sig: base64urlSchema(64).min(86),
  }),
})
export type Envelope = z.infer<typeof envelopeSchema>

export const envelopeTypes = ['hansa-intent', 'hansa-receipt', 'hansa-ack', 'hansa-acks'] as const
export type EnvelopeType = (typeof envelopeTypes)[number]

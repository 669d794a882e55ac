/**
 * That a log has two histories, or that its kernel could not show that it has one: a file that anybody can verify who
 * knows the key of the log (security.md B8). Both notes are C2SP checkpoints that the log signed.
 */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

/** Longest note, characters: with the cosignatures of some witnesses. */
export const MAX_HEAD_NOTE_CHARS = 32_768
/** Longest file, bytes. */
export const MAX_FORK_PROOF_BYTES = 262_144

const noteSchema = z.string().max(MAX_HEAD_NOTE_CHARS)

export const forkProofSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('hansa-fork-proof'),
  log: z.strictObject({ origin: z.string().max(512), vkey: z.string().max(512) }),
  claim: z
    .enum(['two_roots', 'other_prefix', 'unproven'])
    .describe(
      'two_roots: one size, two roots. other_prefix: the tree of the second note begins with another tree of the size of the first. unproven: asked under its signature, the kernel did not prove that the second extends the first',
    ),
  notes: z.tuple([noteSchema, noteSchema]).describe('The smaller one first'),
  prefix_root: hashSchema.optional().describe('other_prefix: root of the first entries of the second tree'),
  path: z.array(hashSchema).max(64).optional().describe('other_prefix: RFC 6962 consistency path from prefix_root'),
  question: compactJws().optional().describe('unproven: what the kernel was asked, hansa-heads-request+jws'),
  answer: compactJws().optional().describe('unproven: the signed answer of the kernel, hansa-heads+jws'),
  by: didSchema.describe('Who found it'),
  at: unixSecondsSchema.describe('When, by its clock'),
})
export type ForkProof = z.infer<typeof forkProofSchema>

function compactJws() {
  return z
    .string()
    .max(131_072)
    .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, 'not a compact JWS')
}

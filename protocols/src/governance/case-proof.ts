/** What convicts a kernel by itself, as a case has it and as a file for anybody: `hansa verify FILE` needs no node for it. */
import { z } from 'zod'
import { MAX_MANIFEST_BYTES } from '../manifest/capability-manifest.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'

/** Longest file of such a proof, bytes: two manifests as large as manifests may be, and the rest. */
export const MAX_EQUIVOCATION_PROOF_BYTES = 2 * MAX_MANIFEST_BYTES + 4_096

export const equivocationProofSchema = z.strictObject({
  kind: z.literal('hansa-equivocation-proof'),
  v: z.literal(1),
  subject: didSchema.describe('Whose two manifests they are'),
  manifests: z.tuple([z.string().max(MAX_MANIFEST_BYTES), z.string().max(MAX_MANIFEST_BYTES)]),
})
export type EquivocationProof = z.infer<typeof equivocationProofSchema>

export const caseProofSchema = z.object({
  kind: z.enum(['fork', 'equivocation']),
  hash: hashSchema.describe('As the case names it'),
  text: z
    .string()
    .max(2 * MAX_EQUIVOCATION_PROOF_BYTES)
    .describe('The file, as `hansa verify` takes it'),
})
export type CaseProof = z.infer<typeof caseProofSchema>

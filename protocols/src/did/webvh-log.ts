/**
 * The log of a did:webvh identifier (did:webvh 1.0): one entry per line of `did.jsonl`, and the proofs of witnesses in
 * `did-witness.json`. Entries are strict, because what is signed must not hold what the verifier cannot read.
 */
import { z } from 'zod'
import { didSchema } from '../syntax/did.ts'

/** Largest `did.jsonl` and `did-witness.json` that is looked at, bytes, and most entries. */
export const MAX_DID_LOG_BYTES = 2_097_152
export const MAX_WITNESS_FILE_BYTES = 1_048_576
export const MAX_DID_LOG_ENTRIES = 1_000

const multikey = z.string().regex(/^z[1-9A-HJ-NP-Za-km-z]{1,128}$/)
/** base58btc of a multihash with SHA-256, without a multibase prefix. */
export const webvhHashSchema = z.string().regex(/^Qm[1-9A-HJ-NP-Za-km-z]{44}$/)
const time = z.string().max(40)

export const dataIntegrityProofSchema = z.strictObject({
  id: z.string().max(256).optional(),
  type: z.string().max(64),
  cryptosuite: z.string().max(64),
  verificationMethod: z.string().max(256),
  created: time.optional(),
  proofPurpose: z.string().max(64),
  proofValue: z.string().max(256),
})
export type DataIntegrityProof = z.infer<typeof dataIntegrityProofSchema>

export const webvhWitnessSchema = z.strictObject({
  threshold: z.int().min(1).max(64),
  witnesses: z
    .array(z.strictObject({ id: didSchema }))
    .min(1)
    .max(64),
})
export type WebvhWitness = z.infer<typeof webvhWitnessSchema>

export const webvhParametersSchema = z.strictObject({
  method: z.string().max(64).optional(),
  scid: webvhHashSchema.optional(),
  updateKeys: z.array(multikey).max(32).optional(),
  nextKeyHashes: z.array(webvhHashSchema).max(32).optional(),
  portable: z.boolean().optional(),
  witness: z.union([webvhWitnessSchema, z.strictObject({})]).optional(),
  watchers: z.array(z.string().max(2048)).max(32).optional(),
  deactivated: z.boolean().optional(),
  ttl: z.int().min(0).optional(),
})
export type WebvhParameters = z.infer<typeof webvhParametersSchema>

const proofsSchema = z.array(dataIntegrityProofSchema).min(1).max(16)

export const webvhEntrySchema = z.strictObject({
  versionId: z.string().max(64),
  versionTime: time,
  parameters: webvhParametersSchema,
  state: z.record(z.string(), z.unknown()),
  proof: z.union([proofsSchema, dataIntegrityProofSchema]),
})
export type WebvhEntry = z.infer<typeof webvhEntrySchema>

export const webvhWitnessFileSchema = z
  .array(z.strictObject({ versionId: z.string().max(64), proof: z.array(dataIntegrityProofSchema).max(64) }))
  .max(MAX_DID_LOG_ENTRIES)
export type WebvhWitnessFile = z.infer<typeof webvhWitnessFileSchema>

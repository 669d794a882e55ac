/** What a registry shows of its log, and the events of its watch stream. */
import { z } from 'zod'
import { MAX_MANIFEST_BYTES } from '../manifest/capability-manifest.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'
import { MAX_REGISTRY_ENTRY_CHARS } from './entry.ts'
import { livenessSchema } from './liveness.ts'

const indexSchema = z.int().min(0)
/** A checkpoint with the signature of its log and of some witnesses. */
const noteSchema = z.string().max(16_384)
/** A tree of all safe integers is no higher. */
const pathSchema = z.array(hashSchema).max(128)

export const checkpointQuerySchema = z.object({
  since: z.coerce.number().int().min(1).optional().describe('Size of the last tree that the reader has seen'),
})
export const registryCheckpointSchema = z.object({
  checkpoint: noteSchema.describe('C2SP checkpoint, signed by the key of the log'),
  vkey: z.string().max(1_024).describe('C2SP verifier key of the log'),
  consistency: pathSchema
    .optional()
    .describe('RFC 6962 proof that the tree extends the one of `since`; absent when it does not reach it'),
})
export type RegistryCheckpoint = z.infer<typeof registryCheckpointSchema>

export const provenEntrySchema = z.object({
  entry: z.string().max(MAX_REGISTRY_ENTRY_CHARS).describe('Canonical JSON: the leaf'),
  proof: z.string().max(32_768).describe('C2SP tlog-proof under the checkpoint of now'),
})
export type ProvenRegistryEntry = z.infer<typeof provenEntrySchema>

export const listingStatusSchema = z.object({
  kernel_id: didSchema,
  state: livenessSchema,
  seq: z.int().min(1),
  hash: hashSchema,
  since: unixSecondsSchema.describe('When it came into this state'),
  expires: unixSecondsSchema.optional().describe('alive: when it becomes unreachable without another heartbeat'),
  index: indexSchema.optional().describe('Number of the last entry of the log about it'),
  equivocated: z.boolean().describe('Whether it signed two manifests with one number'),
})
export type ListingStatus = z.infer<typeof listingStatusSchema>

export const watchQuerySchema = z.object({
  after: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe('Entries that the reader has; without it, all listings first'),
})

/** Events of the stream by name, each with JSON data. `id:` is the number of entries that a reader has from then on. */
export const watchEvents = {
  /** Everything follows from the beginning: listing by listing, then `synced`. */
  reset: z.object({
    reason: z
      .enum(['start', 'behind', 'unknown'])
      .describe('No cursor was given; it is too far behind; it is beyond the end of this log'),
  }),
  listing: z.object({
    manifest: z.string().max(MAX_MANIFEST_BYTES),
    state: livenessSchema,
    expires: unixSecondsSchema,
  }),
  synced: z.object({ cursor: indexSchema }),
  entry: z.object({
    entry: z.string().max(MAX_REGISTRY_ENTRY_CHARS),
    manifest: z.string().max(MAX_MANIFEST_BYTES).optional().describe('listed: unless a newer one has taken its place'),
    statement: z.string().max(8_192).optional().describe('renewed, withdrawn: what the kernel signed'),
  }),
  heartbeat: z.object({ cursor: indexSchema, checkpoint: noteSchema }),
} as const
export type WatchEventName = keyof typeof watchEvents
export type WatchEventData = { [N in WatchEventName]: z.infer<(typeof watchEvents)[N]> }

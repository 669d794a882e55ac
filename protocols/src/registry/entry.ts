/**
 * The index of a registry is a log (RFC 6962 tree, C2SP checkpoint): one entry for each change of what it lists, canonical
 * JSON bytes, one leaf. The number of an entry is also the sequence of the watch stream.
 *
 * `listed`, `renewed` and `withdrawn` follow from what the kernel signed; `unreachable` and `dead` are what the registry
 * observed, and prove nothing.
 */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const listingEvents = ['listed', 'renewed', 'unreachable', 'dead', 'withdrawn'] as const
export type ListingEvent = (typeof listingEvents)[number]

export const registryEntrySchema = z.strictObject({
  v: z.literal(1),
  index: z.int().min(0).describe('Position in the log; the first is 0'),
  event: z.enum(listingEvents),
  kernel_id: didSchema,
  seq: z.int().min(1).describe('Of the manifest, or of the withdrawal'),
  hash: hashSchema.describe('Of the manifest, or of the withdrawal'),
  at: unixSecondsSchema,
})
export type RegistryEntry = z.infer<typeof registryEntrySchema>

/** Longest entry as text: a DID of 2,048 characters and what is around it. */
export const MAX_REGISTRY_ENTRY_CHARS = 4_096

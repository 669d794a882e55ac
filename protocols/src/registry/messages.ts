/** What kernels and a registry say to each other (wire.md: objects). */
import { z } from 'zod'
import { MAX_MANIFEST_BYTES } from '../manifest/capability-manifest.ts'
import { capabilityIdSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const RENEWAL_TYP = 'hansa-renewal+jws'
export const WITHDRAWAL_TYP = 'hansa-withdrawal+jws'

export const registerRequestSchema = z.object({ manifest: z.string().max(MAX_MANIFEST_BYTES).describe('Compact JWS') })
export type RegisterRequest = z.infer<typeof registerRequestSchema>

/** Payload of a heartbeat, a JWS of type `hansa-renewal+jws`: the manifest with `seq` is still meant. */
export const renewalSchema = z.strictObject({
  v: z.literal(1),
  kernel_id: didSchema,
  seq: z.int().min(1).describe('Of the manifest that is renewed'),
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive; the listing ends then without another heartbeat'),
})
export type Renewal = z.infer<typeof renewalSchema>

/** Payload of a withdrawal, a JWS of type `hansa-withdrawal+jws`: a tombstone with the higher `seq` wins. */
export const withdrawalSchema = z.strictObject({
  v: z.literal(1),
  kernel_id: didSchema,
  seq: z.int().min(1).describe('Higher than that of every manifest it withdraws'),
  iat: unixSecondsSchema,
  exp: unixSecondsSchema,
})
export type Withdrawal = z.infer<typeof withdrawalSchema>

export const signedStatementSchema = z.object({ statement: z.string().max(8192).describe('Compact JWS') })
export type SignedStatement = z.infer<typeof signedStatementSchema>

export const listingSchema = z.object({
  manifest: z.string().max(MAX_MANIFEST_BYTES),
  expires: unixSecondsSchema.describe('When the listing ends without another heartbeat'),
})
export type Listing = z.infer<typeof listingSchema>

export const registeredSchema = z.object({
  kernel_id: didSchema,
  seq: z.int().min(1),
  expires: unixSecondsSchema,
  index: z.int().min(0).optional().describe('Number of the last entry of the log about this kernel'),
})
export type Registered = z.infer<typeof registeredSchema>

export const listQuerySchema = z.object({
  capability: capabilityIdSchema.optional().describe('Kernels that offer this capability'),
  tag: z.string().max(72).optional().describe('Kernels with a capability of this tag or sensitivity'),
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
export type ListQuery = z.infer<typeof listQuerySchema>

export const listResponseSchema = z.object({
  listings: z.array(listingSchema).max(200),
  next: z.string().max(512).optional().describe('Cursor of the next page; absent on the last'),
})
export type ListResponse = z.infer<typeof listResponseSchema>

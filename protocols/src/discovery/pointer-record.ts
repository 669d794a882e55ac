/**
 * What a kernel leaves where anybody may look: where its manifest is and which hosts are its own, as a JWS of type
 * `hansa-pointer+jws`. It says nothing of what the kernel offers and grants nothing (security.md B11).
 */
import { z } from 'zod'
import { peerIdSchema } from '../did/peer-binding.ts'
import { endpointSchema } from '../manifest/capability-manifest.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const POINTER_TYP = 'hansa-pointer+jws'

/** Largest record, bytes of the compact JWS, and its longest life, seconds. */
export const MAX_POINTER_BYTES = 2_048
export const MAX_POINTER_SECONDS = 172_800

/** First part of the key of a record in the DHT; SHA-256 of the DID in base64url follows. */
export const POINTER_KEY_PREFIX = '/hansa/'

export const pointerRecordSchema = z.strictObject({
  v: z.literal(1),
  did: didSchema,
  seq: z.int().min(1).describe('Of the newest manifest'),
  manifest_hash: hashSchema.describe('Of that manifest'),
  endpoints: z
    .array(endpointSchema)
    .max(8)
    .describe('Where it can be fetched; empty when nobody can reach this kernel'),
  peer_ids: z.array(peerIdSchema).max(8).describe('The libp2p hosts of this kernel; others are not'),
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive; at most 48 h after iat'),
})
export type PointerRecord = z.infer<typeof pointerRecordSchema>

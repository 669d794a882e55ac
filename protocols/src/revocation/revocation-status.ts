/**
 * What a kernel says of its own revocations to one other kernel, at one time: a JWS of type
 * `hansa-revocation-status+jws`. It travels in the handshake (M3, M4) and by `POST /hansa/v1/revocations`, where a status
 * each way is one exchange. Whoever holds every revocation up to `seq` knows what the issuer had revoked at `iat`.
 */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'
import { MAX_REVOCATION_BYTES } from './revocation.ts'

export const REVOCATION_STATUS_TYP = 'hansa-revocation-status+jws'
/** Revocations in one status; the rest is asked for again. */
export const MAX_STATUS_REVOCATIONS = 64
/** Longest status, bytes, and longest one inside a handshake. */
export const MAX_REVOCATION_STATUS_BYTES = 131_072
export const MAX_HANDSHAKE_STATUS_BYTES = 8_192

/** How old a status may be for calls that change something or carry labelled data, seconds. */
export const FRESH_STATUS_SECONDS = 300
/** How old it may be for any call, seconds. */
export const MAX_STALE_STATUS_SECONDS = 3_600

const seqSchema = z.int().min(0)

export const revocationStatusSchema = z.strictObject({
  v: z.literal(1),
  iss: didSchema,
  aud: didSchema,
  iat: unixSecondsSchema,
  seq: seqSchema.describe('Of the newest public revocation of the issuer; 0 when it never made one'),
  since: seqSchema.describe('The audience is believed to hold everything up to here'),
  revocations: z
    .array(z.string().max(MAX_REVOCATION_BYTES))
    .max(MAX_STATUS_REVOCATIONS)
    .describe('Public revocations of the issuer after `since`, the oldest first, as many as fit'),
  have: seqSchema.describe('The newest revocation of the audience that the issuer holds'),
  lost: z
    .array(z.string().max(MAX_REVOCATION_BYTES))
    .max(8)
    .optional()
    .describe('Revocations of the audience that it does not seem to know any more, such as after a restore'),
  request: hashSchema
    .optional()
    .describe('In an answer: SHA-256 of "hansa/revocation-status/v1\\n" and the payload bytes of what it answers'),
})
export type RevocationStatus = z.infer<typeof revocationStatusSchema>

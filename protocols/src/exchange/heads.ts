/**
 * What one kernel asks another about logs: `POST /hansa/v1/heads`, a compact JWS each way. The answer holds checkpoints
 * that prove themselves; it is signed because of what it may not hold: a kernel that was asked to prove that its log only
 * grew, and did not, has said so.
 */
import { z } from 'zod'
import { MAX_HEAD_NOTE_CHARS } from '../ledger/fork-proof.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const HEADS_REQUEST_TYP = 'hansa-heads-request+jws'
export const HEADS_TYP = 'hansa-heads+jws'
/** Longest request and longest answer, bytes. */
export const MAX_HEADS_REQUEST_BYTES = 16_384
export const MAX_HEADS_BYTES = 131_072
/** Longest life of a request, seconds. */
export const MAX_HEADS_LIFE_SECONDS = 60

/** Longest checkpoint with the one signature of its log, characters. */
const MAX_BARE_NOTE_CHARS = 2_048

const originSchema = z.string().min(1).max(512)

export const headsRequestSchema = z.strictObject({
  v: z.literal(1),
  iss: didSchema,
  aud: didSchema,
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive; at most 60 s after iat'),
  nonce: hashSchema.describe('32 random bytes'),
  logs: z
    .array(z.strictObject({ origin: originSchema, size: z.int().min(0).optional().describe('Seen so far') }))
    .max(2)
    .describe('Logs whose newest checkpoint is wanted'),
  prove: z
    .strictObject({
      from: z.int().min(1),
      to: z.int().min(1),
      note: z
        .string()
        .max(MAX_BARE_NOTE_CHARS)
        .describe('Checkpoint of `to` entries with the signature of the log: it had signed so many when it was asked'),
    })
    .optional()
    .describe('Of the own log of the audience: that its tree of one size extends the other'),
})
export type HeadsRequest = z.infer<typeof headsRequestSchema>

export const headsSchema = z.strictObject({
  v: z.literal(1),
  iss: didSchema,
  aud: didSchema,
  iat: unixSecondsSchema,
  request: hashSchema.describe('SHA-256 of "hansa/heads-request/v1\\n" and the payload bytes of the request'),
  log: originSchema.describe('The own log now'),
  heads: z
    .array(
      z.strictObject({
        origin: originSchema,
        note: z.string().max(MAX_HEAD_NOTE_CHARS),
        consistency: z.array(hashSchema).max(64).optional().describe('Of the own log: from the size that was named'),
      }),
    )
    .max(2),
  prove: z
    .strictObject({
      from_root: hashSchema,
      path: z.array(hashSchema).max(64).describe('RFC 6962 consistency path'),
    })
    .optional()
    .describe('The proof that was asked for; absent when there is none'),
})
export type Heads = z.infer<typeof headsSchema>

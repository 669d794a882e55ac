/** The keys of a kernel's own identity, as an operator is shown them. */
import { z } from 'zod'
import { didSchema } from '../syntax/did.ts'

/**
 * `signing`: what is signed now; `announced`: signs from a time on; `retiring`: signs nothing any more, and is still in the
 * document; `retired`: good for what was signed while it was there; `revoked`: good only for what came before a time.
 */
export const identityKeyStates = ['signing', 'announced', 'retiring', 'retired', 'revoked'] as const

export const identityKeySchema = z.object({
  kid: z.string().max(1_024),
  state: z.enum(identityKeyStates),
  from: z.int().exactOptional().describe('Unix seconds at which it came into the document; absent for did:key'),
  to: z.int().exactOptional().describe('Unix seconds at which it left it, or will'),
  signsFrom: z.int().exactOptional().describe('Unix seconds from which an announced key signs'),
  compromisedSince: z.int().exactOptional().describe('Unix seconds from which its signatures prove nothing'),
  reason: z.string().max(256).exactOptional().describe('Why it was revoked'),
})
export type IdentityKey = z.infer<typeof identityKeySchema>

export const identityKeysSchema = z.object({
  did: didSchema,
  method: z.string().max(32).describe('key or webvh'),
  keys: z.array(identityKeySchema).max(2_000).describe('Every key that the identity ever had, in order'),
})
export type IdentityKeys = z.infer<typeof identityKeysSchema>

/** Longest time between the announcement of a key and its use, and how long the old one may stay, seconds. */
export const MAX_ROTATION_SECONDS = 2_592_000

export const rotateKeyParamsSchema = z.strictObject({
  delay: z.int().min(0).max(MAX_ROTATION_SECONDS).optional().describe('Seconds from the announcement to the first use'),
})
export type RotateKey = z.infer<typeof rotateKeyParamsSchema>

export const renewUpdateKeyParamsSchema = z.strictObject({
  recovery: z
    .string()
    .regex(/^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/, 'not an Ed25519 multikey')
    .nullable()
    .optional()
    .describe('Public key that can undo what the update key signs; null: none any more. Default: as it is'),
})
export type RenewUpdateKey = z.infer<typeof renewUpdateKeyParamsSchema>

export const revokeKeyParamsSchema = z.strictObject({
  kid: z.string().max(1_024),
  compromisedSince: z.int().min(0).describe('Unix seconds'),
  reason: z.string().min(1).max(256),
})
export type RevokeKey = z.infer<typeof revokeKeyParamsSchema>

/**
 * What two hosts tell each other over `/hansa/identify/1` before one is taken for the host of a kernel: one message each
 * way, canonical JSON behind its length. The envelope is the host's word for the kernel, the pointer the kernel's for the host.
 */
import { z } from 'zod'
import { MAX_PEER_BINDING_BYTES } from '../did/peer-binding.ts'
import { base64urlSchema } from '../syntax/base64url.ts'
import { MAX_POINTER_BYTES } from './pointer-record.ts'

export const HOST_IDENTITY_PROTOCOL = '/hansa/identify/1'

/** Protocol of a libp2p stream that carries framed sessions. */
export const SESSION_STREAM_PROTOCOL = '/hansa/session/1'

/** Largest message, bytes. */
export const MAX_HOST_IDENTITY_BYTES = 8_192

export const hostIdentitySchema = z.strictObject({
  v: z.literal(1),
  binding: base64urlSchema(MAX_PEER_BINDING_BYTES).describe('Envelope by the key of the host that names the kernel'),
  pointer: z.string().max(MAX_POINTER_BYTES).describe('Pointer record of the kernel that lists the host'),
})
export type HostIdentity = z.infer<typeof hostIdentitySchema>

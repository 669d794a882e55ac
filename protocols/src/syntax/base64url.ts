import { z } from 'zod'

const ALPHABET = /^[A-Za-z0-9_-]*$/

/** base64url without padding (RFC 4648 section 5), at most `maxBytes` decoded. Canonical form is checked on decoding. */
export function base64urlSchema(maxBytes: number): z.ZodString {
  return z
    .string()
    .max(Math.ceil((maxBytes * 4) / 3))
    .regex(ALPHABET, 'not base64url without padding')
}

/** Exactly 32 bytes in base64url: 43 characters whose last one carries two zero bits. */
export const hashSchema = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, 'not 32 bytes of base64url')

/** SHA-256 in base64url, 43 characters. */
export type Hash = string

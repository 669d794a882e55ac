/**
 * Decentralized identifiers (W3C DID 1.0, section 3.1): `did:`, a method name of lower-case letters and digits, and a
 * method-specific id. We allow only the ASCII subset without path, query or fragment, and of percent-encoding only the
 * `%3A` before a port (did:web, did:webvh), at most 512 characters. Whether the method is supported, and whether the key
 * inside is admissible, is decided elsewhere.
 */
import { z } from 'zod'

export type Did = `did:${string}`

const DID = /^did:[a-z0-9]{1,32}:(?:[A-Za-z0-9._:-]{1,470}|[A-Za-z0-9._:-]{1,235}%3A[A-Za-z0-9._:-]{1,232})$/

/** A pattern and not a function, so that it is also in the JSON Schema. */
export const didSchema = z.string().regex(DID, 'not a DID') as unknown as z.ZodType<Did, Did>

export function isDid(text: string): text is Did {
  return DID.test(text)
}

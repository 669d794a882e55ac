/**
 * The text of a token: `hkt1.<kid>.<payload>[.<caveat>]*.<tag>`, and the chain of tags over it (security.md B4).
 *
 *   tag(0)   = HMAC(key of the epoch, "hkt1\n" ‖ kid ‖ "\n" ‖ payload)
 *   tag(i+1) = HMAC(tag(i), "cav\n" ‖ caveat(i))
 *
 * Payload and caveats go in as the base64url text that stands in the token. Whoever holds tag(i) can add a caveat, and
 * nobody can go back to tag(i-1) to take one away.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { MAX_TOKEN_CHARS, TOKEN_PREFIX } from '@hansa/protocols'
import { decodeBase64url } from '../encoding/base64url.ts'

/** More than anyone needs to narrow every dimension twice; bounds the hashing that one token can cost. */
export const MAX_CAVEATS = 32
const TAG_BYTES = 32
const PART = /^[A-Za-z0-9_-]+$/
/** An epoch as `tokenKeys` writes it. */
const KID = /^(?:0|[1-9][0-9]{0,15})$/

export type TokenText = { kid: string; payload: string; caveats: string[]; tag: Uint8Array }

/** @returns the parts, or undefined when the text does not have the shape of a token. Nothing in it is authentic yet. */
export function splitToken(text: string): TokenText | undefined {
  if (text.length > MAX_TOKEN_CHARS) return undefined
  const parts = text.split('.', MAX_CAVEATS + 5)
  const [prefix, kid, payload, ...rest] = parts
  const tagText = rest.pop()
  if (prefix !== TOKEN_PREFIX || kid === undefined || payload === undefined || tagText === undefined) return undefined
  if (rest.length > MAX_CAVEATS || !KID.test(kid) || !PART.test(payload)) return undefined
  if (!rest.every((caveat) => PART.test(caveat))) return undefined
  const tag = decodeBase64url(tagText)
  return tag?.length === TAG_BYTES ? { kid, payload, caveats: rest, tag } : undefined
}

/** tag(0). */
export function firstTag(key: KeyObject, kid: string, payload: string): Uint8Array {
  return createHmac('sha256', key).update(`${TOKEN_PREFIX}\n${kid}\n${payload}`).digest()
}

/** tag(i+1) from tag(i). */
export function nextTag(tag: Uint8Array, caveat: string): Uint8Array {
  // A key object first: handed over as bytes, the same key takes three times as long.
  return createHmac('sha256', createSecretKey(tag)).update(`cav\n${caveat}`).digest()
}

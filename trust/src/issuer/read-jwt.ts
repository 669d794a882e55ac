/**
 * A JWT of a foreign issuer as it travelled, taken apart strictly: one spelling for each part, no member twice, no header
 * that would change what is verified. Nothing in it is authentic before `isSignedBy` says so.
 */
import { decodeBase64url } from '../encoding/base64url.ts'
import { isObject } from '../json/is-object.ts'
import { type JsonProfile, parseStrictJson } from '../json/parse-strict-json.ts'

/** Longest token of an issuer that is looked at, characters. */
export const MAX_JWT_CHARS = 16_384

const PART = /^[A-Za-z0-9_-]+$/

/** Each names a key, or other rules, by the word of whoever sent the token. `crit` names what must not be passed over. */
const REFUSED_HEADERS = ['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'zip', 'enc']

export type UnverifiedJwt = {
  text: string
  alg: string
  kid: string
  /** In lower case and without `application/`; undefined when there is none. */
  typ: string | undefined
  claims: Readonly<Record<string, unknown>>
}

export type JwtReading = { ok: true; jwt: UnverifiedJwt } | { ok: false; reason: string }

/** Never throws for anything in `text`. */
export function readJwt(text: string): JwtReading {
  if (text.length > MAX_JWT_CHARS) return refused('too_large')
  const parts = text.split('.', 4)
  const [header, claims, signature] = parts
  if (parts.length !== 3 || header === undefined || claims === undefined || signature === undefined)
    return refused('not_a_compact_jws')
  if (decodePart(signature) === undefined) return refused('not_canonical_base64url')
  const head = readObject(header, 'object', 'header')
  if (!head.ok) return head
  const body = readObject(claims, 'payload', 'claims')
  if (!body.ok) return body
  const { alg, kid, typ } = head.value
  const extra = REFUSED_HEADERS.find((name) => Object.hasOwn(head.value, name))
  if (extra !== undefined) return refused(`header_${extra}`)
  if (typeof alg !== 'string') return refused('header_alg')
  if (typeof kid !== 'string' || kid === '') return refused('header_kid')
  if (typ !== undefined && typeof typ !== 'string') return refused('header_typ')
  return { ok: true, jwt: { text, alg, kid, typ: mediaType(typ), claims: body.value } }
}

/** RFC 7515 section 4.1.9: the prefix may be left out, and case does not matter. */
function mediaType(typ: string | undefined): string | undefined {
  return typ?.toLowerCase().replace(/^application\//, '')
}

type Read = { ok: true; value: Record<string, unknown> } | { ok: false; reason: string }

function readObject(part: string, profile: JsonProfile, what: string): Read {
  const bytes = decodePart(part)
  if (bytes === undefined) return refused('not_canonical_base64url')
  const parsed = parseStrictJson(bytes, profile)
  if (!parsed.ok) return refused(`${what}_${parsed.reason}`)
  return isObject(parsed.value) ? { ok: true, value: parsed.value } : refused(`${what}_not_an_object`)
}

function decodePart(text: string): Uint8Array | undefined {
  return PART.test(text) ? decodeBase64url(text) : undefined
}

function refused(reason: string) {
  return { ok: false as const, reason }
}

/**
 * JWS compact (RFC 7515, RFC 8037) for the objects that live long, narrowed to one form: the header is exactly `alg`,
 * `kid` and `typ`, the payload is canonical JSON, and each part has one spelling (security.md B0.2).
 *
 * What is verified is what travelled: the signature over the received text, before anything in the payload is looked at.
 */
import type { Did, UnixSeconds } from '@hansa/protocols'
import type { KeyPurpose, KeyResolver } from '../did/key-resolver.ts'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import { isObject } from '../json/is-object.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import { type VerifyingKey, verifySignature } from '../keys/admitted-key.ts'
import type { Signer } from '../keys/signer.ts'

/** Longest header that is looked at, characters: a `kid` of 1,024 and the rest. */
const MAX_HEADER_CHARS = 2_048
const PART = /^[A-Za-z0-9_-]+$/

export type SignedJws = { jws: string; payloadBytes: Uint8Array }

/** @param typ media type of the object, such as `hansa-manifest+jws`. @throws TypeError when no verifier would take the payload. */
export function signJws(signer: Signer, typ: string, payload: object): SignedJws {
  const payloadBytes = new TextEncoder().encode(canonicalJson(payload))
  const parsed = parseStrictJson(payloadBytes, 'object')
  if (!parsed.ok) throw new TypeError(`the payload is not a protocol object: ${parsed.reason}`)
  const header = encodeBase64url(new TextEncoder().encode(canonicalJson({ alg: 'EdDSA', kid: signer.kid, typ })))
  const signed = `${header}.${encodeBase64url(payloadBytes)}`
  return { jws: `${signed}.${encodeBase64url(signer.sign(Buffer.from(signed, 'latin1')))}`, payloadBytes }
}

export type VerifyJwsInit = {
  /** The only `typ` that is accepted. */
  typ: string
  resolver: KeyResolver<VerifyingKey>
  /** Longest JWS that is looked at, bytes. */
  maxBytes: number
  /** @default 'assertionMethod' */
  purpose?: KeyPurpose
  /**
   * The member that says when it was signed, of an object that outlives keys: a key that has been rotated out since is good
   * then, and one that was revoked is not. @default only keys of now
   */
  issuedAt?(payload: Record<string, unknown>): unknown
  /** The member that names who speaks; it must be the DID of the key. */
  issuerOf(payload: Record<string, unknown>): unknown
}

export type JwsVerdict =
  | { ok: true; issuer: Did; payload: unknown; payloadBytes: Uint8Array }
  | { ok: false; reason: string }

/** Never throws for anything in `jws`; a resolver that throws is a refusal too. */
export async function verifyJws(jws: string, init: VerifyJwsInit): Promise<JwsVerdict> {
  const parts = split(jws, init.maxBytes)
  if (!parts.ok) return parts
  const header = readHeader(parts.header, init.typ)
  if (!header.ok) return header
  const resolution = await resolveSigner(header.kid, parts.payload, init)
  if (!resolution.ok) return resolution
  if (!verifySignature(resolution.key, parts.signed, parts.signature)) return { ok: false, reason: 'signature_invalid' }
  const parsed = parseStrictJson(parts.payload, 'object')
  if (!parsed.ok) return { ok: false, reason: `payload_${parsed.reason}` }
  if (!isObject(parsed.value)) return { ok: false, reason: 'payload_not_an_object' }
  if (!Buffer.from(canonicalJson(parsed.value)).equals(parts.payload)) {
    return { ok: false, reason: 'payload_not_canonical' }
  }
  if (init.issuerOf(parsed.value) !== resolution.did) return { ok: false, reason: 'issuer_not_signer' }
  return { ok: true, issuer: resolution.did, payload: parsed.value, payloadBytes: parts.payload }
}

/** Reasons of a resolver for a key that may have been good before. */
const NOT_NOW = new Set(['kid_unknown_key', 'key_not_valid_then'])

async function resolveSigner(kid: string, payload: Uint8Array, init: VerifyJwsInit) {
  const purpose = init.purpose ?? 'assertionMethod'
  const now = await resolveKey(init.resolver, kid, purpose)
  if (now.ok || !NOT_NOW.has(now.reason) || init.issuedAt === undefined) return now
  // Believed only to find the key: what was signed names this time, or the signature does not verify.
  const parsed = parseStrictJson(payload, 'object')
  const at = parsed.ok && isObject(parsed.value) ? init.issuedAt(parsed.value) : undefined
  return typeof at === 'number' ? resolveKey(init.resolver, kid, purpose, at) : now
}

type Parts =
  | { ok: true; header: Uint8Array; payload: Uint8Array; signature: Uint8Array; signed: Uint8Array }
  | { ok: false; reason: string }

function split(jws: string, maxBytes: number): Parts {
  if (jws.length > maxBytes) return { ok: false, reason: 'too_large' }
  const texts = jws.split('.', 4)
  const [headerText, payloadText, signatureText] = texts
  if (texts.length !== 3 || headerText === undefined || payloadText === undefined || signatureText === undefined) {
    return { ok: false, reason: 'not_a_compact_jws' }
  }
  if (headerText.length > MAX_HEADER_CHARS) return { ok: false, reason: 'header_too_large' }
  const [header, payload, signature] = [headerText, payloadText, signatureText].map(decodePart)
  if (header === undefined || payload === undefined || signature === undefined) {
    return { ok: false, reason: 'not_canonical_base64url' }
  }
  return { ok: true, header, payload, signature, signed: Buffer.from(`${headerText}.${payloadText}`, 'latin1') }
}

function decodePart(text: string): Uint8Array | undefined {
  return PART.test(text) ? decodeBase64url(text) : undefined
}

function readHeader(bytes: Uint8Array, typ: string): { ok: true; kid: string } | { ok: false; reason: string } {
  const parsed = parseStrictJson(bytes, 'object')
  if (!parsed.ok) return { ok: false, reason: `header_${parsed.reason}` }
  const header = parsed.value
  if (!isObject(header)) return { ok: false, reason: 'header_not_an_object' }
  // Exactly these three: `crit`, `b64`, `jku`, `jwk`, `x5u` and whatever comes next would change what is verified.
  if (Object.keys(header).sort().join() !== 'alg,kid,typ') return { ok: false, reason: 'header_members' }
  if (header.alg !== 'EdDSA') return { ok: false, reason: 'header_alg' }
  if (header.typ !== typ) return { ok: false, reason: 'header_typ' }
  return typeof header.kid === 'string' ? { ok: true, kid: header.kid } : { ok: false, reason: 'header_kid' }
}

async function resolveKey(resolver: KeyResolver<VerifyingKey>, kid: string, purpose: KeyPurpose, at?: UnixSeconds) {
  try {
    return await resolver.resolve(kid, purpose, at)
  } catch {
    return { ok: false as const, reason: 'resolver_failed' }
  }
}

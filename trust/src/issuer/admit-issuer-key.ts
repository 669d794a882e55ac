/**
 * Which keys of an issuer's set verify tokens. Each key is good for one algorithm, which follows from what it is and not
 * from what a token says. Whatever is doubtful about a key takes that key out, and leaves the others.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { IssuerAlgorithm, Jwk, JwkSet } from '@hansa/protocols'
import { decodeBase64url } from '../encoding/base64url.ts'
import { admitKey } from '../keys/admitted-key.ts'

declare const admitted: unique symbol

/** A key that `admitIssuerKeys` has accepted; nothing else makes one. */
export type IssuerKey = {
  readonly kid: string
  readonly alg: IssuerAlgorithm
  readonly keyObject: KeyObject
  readonly [admitted]: true
}

export type RefusedKey = { kid?: string; reason: string }
export type IssuerKeys = { keys: ReadonlyMap<string, IssuerKey>; refused: RefusedKey[] }

/** What keys are for: `sig` in the set of an OpenID provider, `jwt-svid` in a SPIFFE bundle. */
export type KeyUse = 'sig' | 'jwt-svid'

/** Members that only a private or a shared key has. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const COORDINATE_BYTES = 32
/** 2048 to 4096 bits. */
const MIN_MODULUS_BYTES = 256
const MAX_MODULUS_BYTES = 512

/** @param algorithms that tokens of this issuer may have */
export function admitIssuerKeys(set: JwkSet, use: KeyUse, algorithms: readonly IssuerAlgorithm[]): IssuerKeys {
  const keys = new Map<string, IssuerKey>()
  const refused: RefusedKey[] = []
  const counts = new Map<string, number>()
  for (const { kid = '' } of set.keys) counts.set(kid, (counts.get(kid) ?? 0) + 1)
  for (const jwk of set.keys) {
    const admission = admit(jwk, use, algorithms)
    // Two keys of one name: which of them a token means would be a matter of order.
    const reason = (counts.get(jwk.kid ?? '') ?? 0) > 1 && jwk.kid !== undefined ? 'kid_not_unique' : undefined
    if (typeof admission === 'object' && reason === undefined) keys.set(admission.kid, admission)
    else
      refused.push({
        ...(jwk.kid === undefined ? {} : { kid: jwk.kid }),
        reason: typeof admission === 'string' ? admission : (reason ?? ''),
      })
  }
  return { keys, refused }
}

/** @returns the key, or why there is none. */
function admit(jwk: Jwk, use: KeyUse, algorithms: readonly IssuerAlgorithm[]): IssuerKey | string {
  const { kid } = jwk
  if (kid === undefined) return 'kid_missing'
  if (SECRET_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return 'key_is_secret'
  if (use === 'jwt-svid' ? jwk.use !== use : jwk.use !== undefined && jwk.use !== use) return 'key_of_another_use'
  if (jwk.key_ops !== undefined && !jwk.key_ops.includes('verify')) return 'key_of_another_use'
  const alg = algorithmOf(jwk)
  if (alg === undefined) return 'key_kind_unknown'
  if (jwk.alg !== undefined && jwk.alg !== alg) return 'alg_contradicts_key'
  if (!algorithms.includes(alg)) return 'alg_not_allowed'
  const made = makers[alg](jwk)
  return typeof made === 'string' ? made : ({ kid, alg, keyObject: made } as IssuerKey)
}

function algorithmOf({ kty, crv }: Jwk): IssuerAlgorithm | undefined {
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA'
  if (kty === 'EC' && crv === 'P-256') return 'ES256'
  return kty === 'RSA' ? 'RS256' : undefined
}

const makers: Readonly<Record<IssuerAlgorithm, (jwk: Jwk) => KeyObject | string>> = {
  EdDSA({ x = '' }) {
    const bytes = decodeBase64url(x)
    if (bytes === undefined) return 'key_not_base64url'
    const admission = admitKey(bytes)
    return admission.ok ? admission.key.keyObject : admission.reason
  },
  ES256({ x = '', y = '' }) {
    if (bytesOf(x) !== COORDINATE_BYTES || bytesOf(y) !== COORDINATE_BYTES) return 'key_length'
    return imported({ kty: 'EC', crv: 'P-256', x, y })
  },
  RS256({ n = '', e = '' }) {
    const bytes = bytesOf(n) ?? 0
    if (bytes < MIN_MODULUS_BYTES || bytes > MAX_MODULUS_BYTES) return 'key_length'
    return e === 'AQAB' ? imported({ kty: 'RSA', n, e }) : 'key_exponent'
  },
}

function bytesOf(text: string): number | undefined {
  return decodeBase64url(text)?.length
}

/** The library refuses a point that is not on the curve. */
function imported(key: { kty: string; [member: string]: string }): KeyObject | string {
  try {
    return createPublicKey({ key, format: 'jwk' })
  } catch {
    return 'key_not_valid'
  }
}

/**
 * Whether a token is good for a call, in the order of security.md B4: the MAC over everything comes first, so that
 * nothing can be probed with an invented token, and the use is taken last, so that a refused call costs none.
 *
 * Reads no clock and keeps nothing: both come in with the context.
 */
import { timingSafeEqual } from 'node:crypto'
import {
  type Caveat,
  type Code,
  caveatSchema,
  type Did,
  MAX_TOKEN_LIFE_SECONDS,
  type TokenPayload,
  type UnixSeconds,
} from '@hansa/protocols'
import { decodeBase64url } from '../encoding/base64url.ts'
import { isObject } from '../json/is-object.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import type { TokenKey, TokenKeys } from './token-keys.ts'
import { narrow, scopeOf, type TokenScope } from './token-scope.ts'
import { firstTag, nextTag, splitToken, type TokenText } from './token-text.ts'

export type TokenContext = {
  self: Did
  /** Of the kernel's own clock; there is no skew inside one kernel. */
  now: UnixSeconds
  /** Who presents the token, when that is proven otherwise; left out, the token alone says who acts. */
  principal?: string
  /** The session that the call came in on. */
  sid?: string
  /** The call that it is presented for. */
  call?: string
  /** Reference of the capability that is called. */
  capability: string
  /** Hash of that capability's descriptor as it is now. */
  capHash: string
  /** Hash of the intent that is served. */
  intent?: string
  /** The principal's epoch now; a token of any other is refused. */
  principalEpoch(principal: string): number
  isRevoked(jti: string): boolean
  /** Takes one use if fewer than `limit` are taken, in one step. Called once, after every other check has passed. */
  usesLeft(jti: string, limit: number): boolean
}

/** The code of a refusal goes to the caller, the reason only into the log. */
export type TokenVerdict =
  | { ok: true; scope: TokenScope }
  | { ok: false; code: Extract<Code, 'token_rejected' | 'descriptor_mismatch'>; reason: string }

/** The schema of each caveat by the name of its only member: trying one is ten times faster than trying all. */
const CAVEATS = new Map(caveatSchema.options.map((option) => [Object.keys(option.shape).join(), option] as const))

/** Never throws for anything in `token`. */
export function verifyToken(keys: TokenKeys, token: string, context: TokenContext): TokenVerdict {
  const text = splitToken(token)
  if (text === undefined) return rejected('shape')
  const key = keyFor(keys, text.kid)
  if (key === undefined) return rejected('kid_unknown')
  if (!isAuthentic(text, key)) return rejected('mac')
  const payload = readPayload(text.payload)
  if (payload === undefined) return rejected('payload')
  const unfit = checkPayload(payload, keys.did, context)
  if (unfit !== undefined) return rejected(unfit)
  if (payload.cap_hash !== context.capHash) return mismatch()

  let scope = scopeOf(payload)
  for (const encoded of text.caveats) {
    const caveat = readCaveat(encoded)
    if (caveat === undefined) return rejected('caveat_unknown')
    if ('cap_hash' in caveat && caveat.cap_hash !== context.capHash) return mismatch()
    if (!holds(caveat, context)) return rejected(`caveat_${Object.keys(caveat).join()}`)
    scope = narrow(scope, caveat)
  }
  if (context.isRevoked(payload.jti)) return rejected('revoked')
  if (payload.pe !== context.principalEpoch(payload.sub)) return rejected('principal_epoch')
  if (!context.usesLeft(payload.jti, scope.uses)) return rejected('uses')
  return { ok: true, scope }
}

function keyFor(keys: TokenKeys, kid: string): TokenKey | undefined {
  if (kid === keys.current.kid) return keys.current
  return kid === keys.previous?.kid ? keys.previous : undefined
}

function isAuthentic(text: TokenText, { kid, key }: TokenKey): boolean {
  let tag = firstTag(key, kid, text.payload)
  for (const caveat of text.caveats) tag = nextTag(tag, caveat)
  return timingSafeEqual(tag, text.tag)
}

/**
 * Only called on what the MAC has shown to be this kernel's own writing, so neither the text nor its members are checked
 * as those of a stranger.
 */
function readPayload(encoded: string): TokenPayload | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))
    return isObject(value) && value.v === 1 ? (value as TokenPayload) : undefined
  } catch {
    return undefined
  }
}

/** Holders write caveats, so these are checked against the closed list. */
function readCaveat(encoded: string): Caveat | undefined {
  const bytes = decodeBase64url(encoded)
  const parsed = bytes === undefined ? undefined : parseStrictJson(bytes, 'object')
  if (!parsed?.ok || !isObject(parsed.value)) return undefined
  const [name] = Object.keys(parsed.value)
  const read = name === undefined ? undefined : CAVEATS.get(name)?.safeParse(parsed.value)
  return read?.success ? read.data : undefined
}

/** @returns the first thing about the token itself that does not fit this call. */
function checkPayload(payload: TokenPayload, did: Did, context: TokenContext): string | undefined {
  if (payload.iss !== context.self || payload.aud !== context.self || did !== context.self) return 'issuer_or_audience'
  if (context.now >= payload.exp || payload.exp - payload.iat > MAX_TOKEN_LIFE_SECONDS) return 'expired'
  if (context.now < payload.iat) return 'not_yet_valid'
  if (payload.cnf !== undefined && payload.cnf.sid !== context.sid) return 'session'
  if (context.principal !== undefined && payload.sub !== context.principal) return 'principal'
  if (payload.call !== undefined && payload.call !== context.call) return 'call'
  if (payload.intent !== undefined && payload.intent !== context.intent) return 'intent'
  return payload.cap === context.capability ? undefined : 'capability'
}

/** Whether the call meets what the caveat asks of it. A caveat that only narrows the scope is met by every call. */
function holds(caveat: Caveat, context: TokenContext): boolean {
  if ('exp' in caveat) return context.now < caveat.exp
  if ('not_before' in caveat) return context.now >= caveat.not_before
  if ('cap' in caveat) return caveat.cap === context.capability
  if ('principal' in caveat) return caveat.principal === context.principal
  if ('sid' in caveat) return caveat.sid === context.sid
  if ('intent' in caveat) return caveat.intent === context.intent
  return true
}

function rejected(reason: string): TokenVerdict {
  return { ok: false, code: 'token_rejected', reason }
}

function mismatch(): TokenVerdict {
  return { ok: false, code: 'descriptor_mismatch', reason: 'capability_hash' }
}

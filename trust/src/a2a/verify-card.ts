/**
 * Reads a card that a stranger serves, and says who has signed it. Over what was received, never over what was read of it.
 *
 * Only keys that the operator has named count: a DID whose key the `kid` has to be, or pinned JWKs by their `kid`. A `jku`
 * is never followed: it says where the forger keeps the key.
 */
import { type AgentCard, agentCardSchema, type Did, MAX_AGENT_CARD_BYTES } from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { type IssuerKey, isSignedBy } from '../issuer/index.ts'
import { isObject } from '../json/is-object.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import { type VerifyingKey, verifySignature } from '../keys/admitted-key.ts'
import { canonicalCard } from './canonical-card.ts'

export type CardReading =
  | { ok: true; card: AgentCard; received: Readonly<Record<string, unknown>> }
  | { ok: false; reason: string }

export type CardTrust = {
  /** Whose signature counts. */
  signer?: Did
  /** Keys that count, by their `kid`. */
  keys?: ReadonlyMap<string, IssuerKey>
  resolver: KeyResolver<VerifyingKey>
}

/** `form`: over which bytes it is; what SDKs sign differs from the specification where REQUIRED members are empty. */
export type CardVerdict =
  | { ok: true; kid: string; form: 'specification' | 'without_defaults' }
  | { ok: false; reason: string }

/** Never throws for anything in `bytes`. */
export function readAgentCard(bytes: Uint8Array): CardReading {
  if (bytes.length > MAX_AGENT_CARD_BYTES) return { ok: false, reason: 'card_too_large' }
  const parsed = parseStrictJson(bytes, 'payload')
  if (!parsed.ok) return { ok: false, reason: `card_${parsed.reason}` }
  if (!isObject(parsed.value)) return { ok: false, reason: 'card_not_an_object' }
  const card = agentCardSchema.safeParse(parsed.value)
  if (card.success) return { ok: true, card: card.data, received: parsed.value }
  const [issue] = card.error.issues
  return { ok: false, reason: `card_malformed: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.slice(0, 256) }
}

/** @returns the first signature that counts and is good; else why the last one does not. */
export async function verifyAgentCard(
  { card, received }: Extract<CardReading, { ok: true }>,
  trust: CardTrust,
): Promise<CardVerdict> {
  let reason = 'card_not_signed'
  for (const signature of card.signatures ?? []) {
    const verdict = await verifyOne(signature, received, trust)
    if (verdict.ok) return verdict
    reason = verdict.reason
  }
  return { ok: false, reason }
}

type Header = { alg: 'EdDSA' | 'ES256' | 'RS256'; kid: string }
const algorithms: ReadonlySet<unknown> = new Set(['EdDSA', 'ES256', 'RS256'])
/** What else a header says would change what is verified. */
const members: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'jku'])

async function verifyOne(
  { protected: text, signature, header: unprotected }: NonNullable<AgentCard['signatures']>[number],
  received: Readonly<Record<string, unknown>>,
  trust: CardTrust,
): Promise<CardVerdict> {
  if (unprotected !== undefined && Object.keys(unprotected).some((name) => members.has(name) || name === 'crit'))
    return { ok: false, reason: 'header_unprotected' }
  const header = readHeader(text)
  if (typeof header === 'string') return { ok: false, reason: header }
  const check = await checkOf(header, trust)
  if (typeof check === 'string') return { ok: false, reason: check }
  for (const form of ['specification', 'without_defaults'] as const) {
    const payload = encodeBase64url(Buffer.from(canonicalCard(received, form)))
    if (await check(`${text}.${payload}`, signature)) return { ok: true, kid: header.kid, form }
  }
  return { ok: false, reason: 'signature_invalid' }
}

function readHeader(text: string): Header | string {
  const bytes = decodeBase64url(text)
  if (bytes === undefined) return 'header_not_base64url'
  const parsed = parseStrictJson(bytes, 'object')
  if (!parsed.ok) return `header_${parsed.reason}`
  const header = parsed.value
  if (!isObject(header)) return 'header_not_an_object'
  if (Object.keys(header).some((name) => !members.has(name))) return 'header_members'
  const { alg, kid, typ = 'JOSE' } = header
  if (!algorithms.has(alg)) return 'header_alg'
  if (typ !== 'JOSE') return 'header_typ'
  return typeof kid === 'string' && kid !== '' ? { alg: alg as Header['alg'], kid } : 'header_kid'
}

/** @returns what checks a signature, or why no key counts. */
async function checkOf({ alg, kid }: Header, { signer, keys, resolver }: CardTrust) {
  const pinned = keys?.get(kid)
  if (pinned !== undefined) {
    if (pinned.alg !== alg) return 'header_alg_of_another_key'
    return (signed: string, signature: string) => isSignedBy(`${signed}.${signature}`, pinned)
  }
  if (signer === undefined || kid.split('#', 1)[0] !== signer) return 'key_not_pinned'
  if (alg !== 'EdDSA') return 'header_alg_of_another_key'
  const resolution = await resolver.resolve(kid, 'assertionMethod').catch(() => undefined)
  if (resolution === undefined) return 'resolver_failed'
  if (!resolution.ok) return resolution.reason
  if (resolution.did !== signer) return 'key_not_pinned'
  return async (signed: string, signature: string) => {
    const bytes = decodeBase64url(signature)
    return bytes !== undefined && verifySignature(resolution.key, Buffer.from(signed, 'latin1'), bytes)
  }
}

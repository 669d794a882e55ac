/**
 * Whether a token of a configured issuer is good, and whom it stands for. Keys are looked up under the issuer that the
 * token claims and nowhere else, so that the keys of one never vouch for the subjects of another (SPIFFE Federation
 * section 7.3). Reads no clock and no network: both come in.
 */
import type { UnixSeconds } from '@hansa/protocols'
import { isObject } from '../json/is-object.ts'
import type { IssuerKey } from './admit-issuer-key.ts'
import { type InvokeScope, invokeScope } from './invoke-scope.ts'
import type { IssuerRules, OidcRules, SpiffeRules } from './issuer-rules.ts'
import { isSignedBy } from './jose-signature.ts'
import { principalFor } from './principal-template.ts'
import { readJwt, type UnverifiedJwt } from './read-jwt.ts'
import { matchSpiffePath, parseSpiffeId } from './spiffe-id.ts'

/** How far ahead the clock of an issuer may be, seconds (security.md B0.4). An expiry has no allowance. */
export const ISSUER_SKEW_SECONDS = 60

export type IssuedToken = {
  /** Name of the issuer. */
  issuer: string
  /** Who acts. */
  principal: string
  /** For whom, when the issuer says that the subject has handed on what it may. */
  onBehalfOf?: string
  issued: UnixSeconds
  expires: UnixSeconds
  /** What it may be used for; absent: whatever the principal may. */
  scope?: InvokeScope
  typ: string | undefined
  /** Who alone may act for the subject, by the word of the issuer (RFC 8693 section 4.4). */
  mayAct?: { principal: string | undefined }
}

export type IssuedVerdict = { ok: true; token: IssuedToken } | { ok: false; reason: string; issuer?: string }

export type KeyFinding = { ok: true; key: IssuerKey } | { ok: false; reason: string }

export type JudgeContext = {
  issuers: readonly IssuerRules[]
  now: UnixSeconds
  /** A key of exactly this issuer. */
  keyOf(issuer: IssuerRules, kid: string): Promise<KeyFinding>
}

/** Never throws for anything in `text`; a key source that throws is a refusal too. */
export async function judgeToken(text: string, context: JudgeContext): Promise<IssuedVerdict> {
  const reading = readJwt(text)
  if (!reading.ok) return reading
  const { jwt } = reading
  const rules = claimedIssuer(jwt, context.issuers)
  if (rules === undefined) return { ok: false, reason: 'issuer_unknown' }
  const refused = (reason: string): IssuedVerdict => ({ ok: false, reason, issuer: rules.name })
  // Before any key is looked for: a token that could not be good must not make this kernel fetch anything.
  const algorithm = rules.algorithms.find((allowed) => allowed === jwt.alg)
  if (algorithm === undefined) return refused('alg_not_allowed')
  const unfit = unfitClaims(jwt, rules, context.now)
  if (unfit !== undefined) return refused(unfit)
  const finding = await context.keyOf(rules, jwt.kid).catch(() => ({ ok: false as const, reason: 'keys_failed' }))
  if (!finding.ok) return refused(finding.reason)
  if (finding.key.alg !== algorithm) return refused('alg_not_of_key')
  if (!(await isSignedBy(text, finding.key))) return refused('signature_invalid')
  return standing(jwt, rules)
}

/** By the trust domain of a SPIFFE id that is configured, else by `iss`. Nothing here is proven yet. */
function claimedIssuer({ claims }: UnverifiedJwt, issuers: readonly IssuerRules[]): IssuerRules | undefined {
  const id = typeof claims.sub === 'string' ? parseSpiffeId(claims.sub) : undefined
  return (
    issuers.find((rules) => rules.kind === 'spiffe' && rules.trustDomain === id?.trustDomain) ??
    issuers.find((rules) => rules.kind === 'oidc' && rules.issuer === claims.iss)
  )
}

function unfitClaims({ typ, claims }: UnverifiedJwt, rules: IssuerRules, now: UnixSeconds): string | undefined {
  if (!typeFits(typ, rules)) return 'typ_not_allowed'
  if (typeof claims.sub !== 'string' || claims.sub === '') return 'sub_missing'
  const audience = Array.isArray(claims.aud) && claims.aud.length === 1 ? claims.aud[0] : claims.aud
  // One audience and no more: whoever else may take the token could show it here.
  if (audience === undefined) return 'aud_missing'
  if (audience !== rules.audience) return 'aud_of_another'
  const untimely = unfitTimes(claims, rules, now)
  if (untimely !== undefined) return untimely
  // It is bound to a key whose possession is not proven here.
  if (claims.cnf !== undefined) return 'proof_of_possession_needed'
  return rules.kind === 'oidc' ? unfitClient(claims, rules) : undefined
}

function typeFits(typ: string | undefined, rules: IssuerRules): boolean {
  if (rules.kind === 'spiffe') return typ === undefined || typ === 'jwt' || typ === 'jose'
  return rules.types.some((allowed) => allowed === (typ ?? 'jwt'))
}

function unfitTimes(claims: UnverifiedJwt['claims'], rules: IssuerRules, now: UnixSeconds): string | undefined {
  const { exp, iat, nbf = iat } = claims
  if (!isTime(exp)) return 'exp_missing'
  if (!isTime(iat)) return 'iat_missing'
  if (!isTime(nbf)) return 'nbf_not_a_time'
  if (exp <= now) return 'expired'
  if (iat > now + ISSUER_SKEW_SECONDS || nbf > now + ISSUER_SKEW_SECONDS) return 'not_yet_valid'
  return exp - iat > rules.maxLifeSeconds ? 'lives_too_long' : undefined
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function unfitClient({ client_id: client, azp }: UnverifiedJwt['claims'], { clients }: OidcRules): string | undefined {
  if (clients === undefined) return undefined
  const named = [client, azp].filter((each) => each !== undefined)
  if (named.length === 0) return 'client_missing'
  return named.every((each) => typeof each === 'string' && clients.includes(each)) ? undefined : 'client_not_allowed'
}

/** Of what is proven now. */
function standing({ claims, typ }: UnverifiedJwt, rules: IssuerRules): IssuedVerdict {
  const refused = (reason: string): IssuedVerdict => ({ ok: false, reason, issuer: rules.name })
  const subject = subjectOf(claims, rules)
  if (subject === undefined) return refused('subject_has_no_principal')
  const scope = invokeScope(claims.scope)
  if (scope === 'malformed') return refused('scope_malformed')
  if (scope === undefined && rules.scopeRequired) return refused('scope_missing')
  const actor = otherOf(claims.act, claims, rules)
  const mayAct = otherOf(claims.may_act, claims, rules)
  if (actor === 'malformed' || mayAct === 'malformed') return refused('act_malformed')
  if (actor !== undefined && actor.principal === undefined) return refused('actor_has_no_principal')
  if (actor?.principal === subject) return refused('actor_is_subject')
  const who =
    actor?.principal === undefined ? { principal: subject } : { principal: actor.principal, onBehalfOf: subject }
  const more = { ...(scope === undefined ? {} : { scope }), ...(mayAct === undefined ? {} : { mayAct }) }
  return {
    ok: true,
    token: { issuer: rules.name, ...who, issued: claims.iat as number, expires: claims.exp as number, typ, ...more },
  }
}

function subjectOf(claims: UnverifiedJwt['claims'], rules: IssuerRules): string | undefined {
  return rules.kind === 'oidc' ? principalFor(rules.principal, claims) : workloadOf(claims.sub, rules)
}

function workloadOf(sub: unknown, { path, principal, trustDomain }: SpiffeRules): string | undefined {
  const id = typeof sub === 'string' ? parseSpiffeId(sub) : undefined
  if (id === undefined || id.trustDomain !== trustDomain) return undefined
  const found = matchSpiffePath(path, id)
  return found === undefined ? undefined : principalFor(principal, found)
}

/** @returns whom an `act` or `may_act` claim names; only subjects of the same issuer can be named. */
function otherOf(
  claim: unknown,
  { iss }: UnverifiedJwt['claims'],
  rules: IssuerRules,
): { principal: string | undefined } | 'malformed' | undefined {
  if (claim === undefined) return undefined
  if (!isObject(claim)) return 'malformed'
  if (claim.iss !== undefined && claim.iss !== iss) return { principal: undefined }
  return { principal: subjectOf(claim, rules) }
}

/**
 * Proposals of agreements and their acceptances: made, verified, and read again where they were verified before. Pure; keys
 * and the time come in.
 *
 * What comes in now has to be signed by a key of now: nobody agrees under a key that was rotated out, whatever time the
 * statement names.
 */
import {
  AGREEMENT_ACCEPTANCE_TYP,
  AGREEMENT_TYP,
  type Agreement,
  type AgreementAcceptance,
  agreementAcceptanceSchema,
  agreementSchema,
  type Did,
  MAX_ACCEPTANCE_BYTES,
  MAX_AGREEMENT_BYTES,
  MAX_AGREEMENT_LIFE_SECONDS,
  MAX_PROPOSAL_LIFE_SECONDS,
  type UnixSeconds,
} from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { taggedHash } from '../encoding/hash.ts'
import { randomId } from '../encoding/random.ts'
import type { Signer } from '../keys/signer.ts'
import { signJws, verifyJws } from '../signed/jws.ts'
import { unverifiedPart } from '../signed/unverified-part.ts'

/** Seconds between the clocks of two kernels (security.md B0.4). */
const SKEW_SECONDS = 60

export type ReadAgreement = {
  agreement: Agreement
  /** Of the payload bytes: what is accepted, and what a revocation names. */
  hash: string
  jws: string
  /** Under which the proposer signed. */
  kid: string
}
export type AgreementReading = { ok: true; read: ReadAgreement } | { ok: false; reason: string }

export type ReadAcceptance = { acceptance: AgreementAcceptance; jws: string; kid: string }
export type AcceptanceReading = { ok: true; read: ReadAcceptance } | { ok: false; reason: string }

export type AgreementTerms = Omit<Agreement, 'v' | 'jti' | 'iss' | 'iat'>

/** @param now Unix seconds */
export function signProposal(signer: Signer, terms: AgreementTerms, now: UnixSeconds): AgreementReading {
  const parsed = agreementSchema.safeParse({ v: 1, jti: randomId(), iss: signer.did, ...terms, iat: now })
  if (!parsed.success) return { ok: false, reason: describe(parsed.error.issues[0]) }
  const reason = whyNotTerms(parsed.data)
  if (reason !== undefined) return { ok: false, reason }
  const { jws, payloadBytes } = signJws(signer, AGREEMENT_TYP, parsed.data)
  if (jws.length > MAX_AGREEMENT_BYTES) return { ok: false, reason: 'too_large' }
  const hash = taggedHash('agreement', payloadBytes)
  return { ok: true, read: { agreement: parsed.data, hash, jws, kid: signer.kid } }
}

export function signAcceptance(
  signer: Signer,
  { agreement, hash }: ReadAgreement,
  now: UnixSeconds,
): AcceptanceReading {
  const acceptance: AgreementAcceptance = { v: 1, iss: signer.did, aud: agreement.iss, agreement: hash, iat: now }
  const reason = whyNotAccepted(acceptance, { agreement, hash }, now)
  if (reason !== undefined) return { ok: false, reason }
  const { jws } = signJws(signer, AGREEMENT_ACCEPTANCE_TYP, acceptance)
  return { ok: true, read: { acceptance, jws, kid: signer.kid } }
}

export type VerifyProposalInit = {
  resolver: KeyResolver
  /** Who has to have signed it. */
  by: Did
  /** Whom it has to be for. */
  for: Did
  now: UnixSeconds
}

/** Never throws for anything in `jws`. */
export async function verifyProposal(jws: string, init: VerifyProposalInit): Promise<AgreementReading> {
  const verdict = await verifyJws(jws, {
    typ: AGREEMENT_TYP,
    resolver: init.resolver,
    maxBytes: MAX_AGREEMENT_BYTES,
    issuerOf: ({ iss }) => iss,
  })
  if (!verdict.ok) return verdict
  const parsed = agreementSchema.safeParse(verdict.payload)
  if (!parsed.success) return { ok: false, reason: 'agreement_malformed' }
  const { iss, aud, iat, accept_by: acceptBy, until } = parsed.data
  if (iss !== init.by) return { ok: false, reason: 'another_proposer' }
  if (aud !== init.for) return { ok: false, reason: 'for_another_kernel' }
  const reason = whyNotTerms(parsed.data)
  if (reason !== undefined) return { ok: false, reason }
  if (iat > init.now + SKEW_SECONDS) return { ok: false, reason: 'from_the_future' }
  if (init.now >= acceptBy) return { ok: false, reason: 'proposal_expired' }
  if (init.now >= until) return { ok: false, reason: 'agreement_over' }
  const hash = taggedHash('agreement', verdict.payloadBytes)
  return { ok: true, read: { agreement: parsed.data, hash, jws, kid: kidOf(jws) } }
}

export type VerifyAcceptanceInit = {
  resolver: KeyResolver
  /** What was proposed. */
  of: Pick<ReadAgreement, 'agreement' | 'hash'>
  now: UnixSeconds
}

/** Never throws for anything in `jws`. */
export async function verifyAcceptance(jws: string, init: VerifyAcceptanceInit): Promise<AcceptanceReading> {
  const verdict = await verifyJws(jws, {
    typ: AGREEMENT_ACCEPTANCE_TYP,
    resolver: init.resolver,
    maxBytes: MAX_ACCEPTANCE_BYTES,
    issuerOf: ({ iss }) => iss,
  })
  if (!verdict.ok) return verdict
  const parsed = agreementAcceptanceSchema.safeParse(verdict.payload)
  if (!parsed.success) return { ok: false, reason: 'acceptance_malformed' }
  const reason = whyNotAccepted(parsed.data, init.of, init.now)
  if (reason !== undefined) return { ok: false, reason }
  return { ok: true, read: { acceptance: parsed.data, jws, kid: kidOf(jws) } }
}

/** What was verified before; no signature is checked. */
export function keptAgreement(jws: string): ReadAgreement | undefined {
  const payload = unverifiedPart(jws, 1)
  const agreement = agreementSchema.safeParse(payload?.value)
  return payload !== undefined && agreement.success
    ? { agreement: agreement.data, hash: taggedHash('agreement', payload.bytes), jws, kid: kidOf(jws) }
    : undefined
}

/** As `keptAgreement`. */
export function keptAcceptance(jws: string): ReadAcceptance | undefined {
  const acceptance = agreementAcceptanceSchema.safeParse(unverifiedPart(jws, 1)?.value)
  return acceptance.success ? { acceptance: acceptance.data, jws, kid: kidOf(jws) } : undefined
}

function whyNotTerms({ iss, aud, iat, from, until, accept_by: acceptBy }: Agreement): string | undefined {
  if (iss === aud) return 'agreement_with_itself'
  // Nobody is bound, or vouched for, for a time before both had signed.
  if (from < iat) return 'begins_before_it_is_proposed'
  if (until <= from || until - from > MAX_AGREEMENT_LIFE_SECONDS) return 'agreement_life'
  return acceptBy <= iat || acceptBy - iat > MAX_PROPOSAL_LIFE_SECONDS || acceptBy > until ? 'proposal_life' : undefined
}

function whyNotAccepted(
  { iss, aud, agreement: named, iat }: AgreementAcceptance,
  { agreement, hash }: Pick<ReadAgreement, 'agreement' | 'hash'>,
  now: UnixSeconds,
): string | undefined {
  if (named !== hash) return 'another_agreement'
  if (iss !== agreement.aud || aud !== agreement.iss) return 'another_party'
  if (iat < agreement.iat - SKEW_SECONDS) return 'accepted_before_it_was_proposed'
  if (iat > now + SKEW_SECONDS) return 'from_the_future'
  // Whatever time it names: what is not there in time was not accepted in time.
  return iat >= agreement.accept_by || now >= agreement.accept_by ? 'accepted_too_late' : undefined
}

/** Verified as part of the JWS, or with it before. */
function kidOf(jws: string): string {
  const { kid } = (unverifiedPart(jws, 0)?.value ?? {}) as { kid?: unknown }
  return typeof kid === 'string' ? kid : ''
}

function describe(issue: { path: PropertyKey[]; message: string } | undefined): string {
  return issue === undefined ? 'agreement_malformed' : `${issue.path.join('.')}: ${issue.message}`
}

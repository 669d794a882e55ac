/** Claims of sponsors: made, verified, and read again where they were verified before. */
import {
  type Did,
  MAX_SPONSOR_BYTES,
  MAX_SPONSOR_LIFE_SECONDS,
  SPONSOR_TYP,
  type SponsorClaim,
  sponsorClaimSchema,
  type UnixSeconds,
} from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { taggedHash } from '../encoding/hash.ts'
import { randomId } from '../encoding/random.ts'
import type { Signer } from '../keys/signer.ts'
import { signJws, verifyJws } from '../signed/jws.ts'
import { unverifiedPart } from '../signed/unverified-part.ts'

/** Seconds between the clocks of a sponsor and of a kernel (security.md B0.4). */
const SKEW_SECONDS = 60

export type ReadSponsorClaim = { claim: SponsorClaim; hash: string; jws: string }
export type SponsorReading = { ok: true; read: ReadSponsorClaim } | { ok: false; reason: string }

/** @param now Unix seconds; it holds from then on */
export function makeSponsorClaim(
  signer: Signer,
  draft: Pick<SponsorClaim, 'kernel' | 'agent' | 'purpose' | 'exp'>,
  now: UnixSeconds,
): SponsorReading {
  const parsed = sponsorClaimSchema.safeParse({ v: 1, jti: randomId(), iss: signer.did, ...draft, nbf: now, iat: now })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { ok: false, reason: `${issue?.path.join('.')}: ${issue?.message}` }
  }
  if (hasBadLife(parsed.data)) return { ok: false, reason: 'claim_life' }
  const { jws, payloadBytes } = signJws(signer, SPONSOR_TYP, parsed.data)
  return { ok: true, read: { claim: parsed.data, hash: taggedHash('sponsor', payloadBytes), jws } }
}

export type VerifySponsorInit = {
  resolver: KeyResolver
  /** Behind which the agent acts. */
  kernel: Did
  now: UnixSeconds
}

/** Never throws for anything in `jws`. */
export async function verifySponsorClaim(
  jws: string,
  { resolver, kernel, now }: VerifySponsorInit,
): Promise<SponsorReading> {
  const verdict = await verifyJws(jws, {
    typ: SPONSOR_TYP,
    resolver,
    maxBytes: MAX_SPONSOR_BYTES,
    issuerOf: ({ iss }) => iss,
  })
  if (!verdict.ok) return verdict
  const parsed = sponsorClaimSchema.safeParse(verdict.payload)
  if (!parsed.success) return { ok: false, reason: 'claim_malformed' }
  const reason = whyNot(parsed.data, kernel, now)
  if (reason !== undefined) return { ok: false, reason }
  return { ok: true, read: { claim: parsed.data, hash: taggedHash('sponsor', verdict.payloadBytes), jws } }
}

/** What was verified before; no signature is checked. */
export function keptSponsorClaim(jws: string): ReadSponsorClaim | undefined {
  const payload = unverifiedPart(jws, 1)
  const claim = sponsorClaimSchema.safeParse(payload?.value)
  return payload !== undefined && claim.success
    ? { claim: claim.data, hash: taggedHash('sponsor', payload.bytes), jws }
    : undefined
}

function whyNot(claim: SponsorClaim, kernel: Did, now: UnixSeconds): string | undefined {
  if (claim.kernel !== kernel) return 'another_kernel'
  if (hasBadLife(claim)) return 'claim_life'
  if (now >= claim.exp) return 'claim_expired'
  // A kernel that vouches for its own agents says nothing that is not known.
  if (claim.iss === kernel) return 'sponsor_is_the_kernel'
  return claim.iat > now + SKEW_SECONDS ? 'from_the_future' : undefined
}

function hasBadLife({ nbf, exp }: SponsorClaim): boolean {
  return exp <= nbf || exp - nbf > MAX_SPONSOR_LIFE_SECONDS
}

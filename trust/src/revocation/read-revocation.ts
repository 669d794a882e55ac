/** One revocation from its bytes and to them: who may take back what, as far as the object alone can say it. */
import {
  type Did,
  MAX_REVOCATION_BYTES,
  REVOCATION_TYP,
  type Revocation,
  revocationSchema,
  type UnixSeconds,
} from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { taggedHash } from '../encoding/hash.ts'
import type { Signer } from '../keys/signer.ts'
import { signJws, verifyJws } from '../signed/jws.ts'
import { unverifiedPart } from '../signed/unverified-part.ts'

/** A revocation with its text as it travels, and the hash that it is known by. */
export type ReadRevocation = { revocation: Revocation; hash: string; jws: string }
export type RevocationReading = { ok: true; read: ReadRevocation } | { ok: false; reason: string }

export type RevocationDraft = Pick<Revocation, 'seq' | 'kind' | 'what' | 'reason' | 'iat' | 'since' | 'exp'>

/** Seconds between two kernels' clocks (security.md B0.4). */
const SKEW_SECONDS = 60

export function makeRevocation(signer: Signer, draft: RevocationDraft): RevocationReading {
  const parsed = revocationSchema.safeParse({ v: 1, iss: signer.did, ...draft })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { ok: false, reason: `${issue?.path.join('.')}: ${issue?.message}` }
  }
  const reason = whyNot(parsed.data, draft.iat)
  if (reason !== undefined) return { ok: false, reason }
  const { jws, payloadBytes } = signJws(signer, REVOCATION_TYP, parsed.data)
  if (jws.length > MAX_REVOCATION_BYTES) return { ok: false, reason: 'too_large' }
  return { ok: true, read: { revocation: parsed.data, hash: taggedHash('revocation', payloadBytes), jws } }
}

/** Never throws for anything in `jws`. */
export async function readRevocation(
  jws: string,
  { resolver, now }: { resolver: KeyResolver; now: UnixSeconds },
): Promise<RevocationReading> {
  const verdict = await verifyJws(jws, {
    typ: REVOCATION_TYP,
    resolver,
    maxBytes: MAX_REVOCATION_BYTES,
    issuerOf: ({ iss }) => iss,
  })
  if (!verdict.ok) return verdict
  const parsed = revocationSchema.safeParse(verdict.payload)
  if (!parsed.success) return { ok: false, reason: 'revocation_malformed' }
  const reason = whyNot(parsed.data, now)
  if (reason !== undefined) return { ok: false, reason }
  return { ok: true, read: { revocation: parsed.data, hash: taggedHash('revocation', verdict.payloadBytes), jws } }
}

/** What this kernel has verified before and kept itself; no signature is checked. */
export function keptRevocation(jws: string): ReadRevocation | undefined {
  const payload = unverifiedPart(jws, 1)
  const revocation = revocationSchema.safeParse(payload?.value)
  return payload !== undefined && revocation.success
    ? { revocation: revocation.data, hash: taggedHash('revocation', payload.bytes), jws }
    : undefined
}

/** The DID that a DID URL of a key belongs to. */
export function didOfKey(kid: string): Did {
  return kid.slice(0, Math.max(0, kid.indexOf('#'))) as Did
}

function whyNot({ iss, kind, what, iat, since, exp }: Revocation, now: UnixSeconds): string | undefined {
  if (kind === 'key' && didOfKey(what) !== iss) return 'key_of_another'
  if (kind === 'peer' && what === iss) return 'peer_is_its_issuer'
  if (iat > now + SKEW_SECONDS) return 'from_the_future'
  if (since !== undefined && since > iat) return 'since_after_it_was_made'
  return exp !== undefined && exp <= iat ? 'ends_before_it_was_made' : undefined
}

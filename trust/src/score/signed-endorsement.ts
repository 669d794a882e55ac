/** Endorsements: made, and read from whoever was asked for them. Pure; keys and the time come in. */
import {
  type Did,
  ENDORSEMENT_TYP,
  type Endorsement,
  endorsementSchema,
  MAX_ENDORSEMENT_BYTES,
  MAX_ENDORSEMENT_LIFE_SECONDS,
  type UnixSeconds,
} from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { taggedHash } from '../encoding/hash.ts'
import type { Signer } from '../keys/signer.ts'
import { signJws, verifyJws } from '../signed/jws.ts'

/** Seconds between two kernels' clocks (security.md B0.4). */
const SKEW_SECONDS = 60

/** @returns the compact JWS; it holds for a day */
export function signEndorsement(signer: Signer, { sub, score }: { sub: Did; score: number }, now: UnixSeconds): string {
  const said = { v: 1, iss: signer.did, sub, score, iat: now, exp: now + MAX_ENDORSEMENT_LIFE_SECONDS }
  return signJws(signer, ENDORSEMENT_TYP, endorsementSchema.parse(said)).jws
}

export type ReadEndorsementInit = {
  resolver: KeyResolver
  now: UnixSeconds
  /** Who was asked. */
  endorser: Did
  /** About whom. */
  asked: ReadonlySet<Did>
}

export type EndorsementReading = { ok: true; endorsement: Endorsement; hash: string } | { ok: false; reason: string }

/** Never throws for anything in `jws`. */
export async function readEndorsement(jws: string, init: ReadEndorsementInit): Promise<EndorsementReading> {
  const verdict = await verifyJws(jws, {
    typ: ENDORSEMENT_TYP,
    resolver: init.resolver,
    maxBytes: MAX_ENDORSEMENT_BYTES,
    issuerOf: ({ iss }) => iss,
  })
  if (!verdict.ok) return verdict
  const parsed = endorsementSchema.safeParse(verdict.payload)
  if (!parsed.success) return { ok: false, reason: 'endorsement_malformed' }
  const reason = whyNot(parsed.data, init)
  if (reason !== undefined) return { ok: false, reason }
  return { ok: true, endorsement: parsed.data, hash: taggedHash('endorsement', verdict.payloadBytes) }
}

function whyNot({ iss, sub, iat, exp }: Endorsement, init: ReadEndorsementInit): string | undefined {
  const { now, endorser, asked } = init
  if (iss !== endorser) return 'another_endorser'
  if (sub === iss) return 'endorses_itself'
  if (!asked.has(sub)) return 'not_asked'
  if (exp <= iat || exp - iat > MAX_ENDORSEMENT_LIFE_SECONDS) return 'endorsement_life'
  if (iat > now + SKEW_SECONDS) return 'from_the_future'
  return now >= exp ? 'endorsement_expired' : undefined
}

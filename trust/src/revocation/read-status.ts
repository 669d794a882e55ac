/** What another kernel says of its revocations, from its bytes: whether it is its word, for this kernel, and of this time. */
import {
  type Did,
  MAX_REVOCATION_STATUS_BYTES,
  REVOCATION_STATUS_TYP,
  type RevocationStatus,
  revocationStatusSchema,
  type UnixSeconds,
} from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { taggedHash } from '../encoding/hash.ts'
import { verifyJws } from '../signed/jws.ts'

/** Seconds between two kernels' clocks (security.md B0.4). */
const SKEW_SECONDS = 60

export type ReadStatusInit = {
  /** For whom it has to be. */
  self: Did
  /** Who has to have signed it. @default whoever did */
  peer?: Did | undefined
  /** Hash of what it has to answer. @default it answers nothing */
  request?: string | undefined
  resolver: KeyResolver
  now: UnixSeconds
}

export type StatusReading = { ok: true; status: RevocationStatus; hash: string } | { ok: false; reason: string }

/** Its revocations are not looked at. Never throws for anything in `jws`. */
export async function readRevocationStatus(jws: string, init: ReadStatusInit): Promise<StatusReading> {
  const verdict = await verifyJws(jws, {
    typ: REVOCATION_STATUS_TYP,
    resolver: init.resolver,
    maxBytes: MAX_REVOCATION_STATUS_BYTES,
    issuerOf: ({ iss }) => iss,
  })
  if (!verdict.ok) return verdict
  const parsed = revocationStatusSchema.safeParse(verdict.payload)
  if (!parsed.success) return { ok: false, reason: 'status_malformed' }
  const reason = whyNot(parsed.data, init)
  if (reason !== undefined) return { ok: false, reason }
  return { ok: true, status: parsed.data, hash: taggedHash('revocation-status', verdict.payloadBytes) }
}

function whyNot(status: RevocationStatus, { self, peer, request, now }: ReadStatusInit): string | undefined {
  if (peer !== undefined && status.iss !== peer) return 'status_of_another'
  if (status.aud !== self) return 'status_for_another'
  if (status.request !== request) return 'status_answers_another'
  return status.iat > now + SKEW_SECONDS ? 'from_the_future' : undefined
}

/** Heartbeats and withdrawals: small signed objects of one kernel about itself. */
import type { Renewal, UnixSeconds, Withdrawal } from '@hansa/protocols'
import { type KeyResolver, verifyJws } from '@hansa/trust'
import { type Refusal, refuse } from '../refusal.ts'
import { SKEW_SECONDS } from './admission.ts'

/** Bytes of a compact JWS, as in `signedStatementSchema`. */
const MAX_STATEMENT_BYTES = 8192

/** What a schema of `protocols` offers, narrowed to what is used here. */
type Reader<T> = { safeParse(value: unknown): { success: true; data: T } | { success: false } }

export type StatementKind<T> = { typ: string; schema: Reader<T> }

/**
 * Verifies a statement that speaks for `kernel_id` and for nobody else.
 *
 * @returns also the bytes that were signed, which name the statement.
 */
export async function verifyStatement<T extends Renewal | Withdrawal>(
  jws: string,
  { typ, schema }: StatementKind<T>,
  { now, resolver }: { now: UnixSeconds; resolver: KeyResolver },
): Promise<{ ok: true; statement: T; payloadBytes: Uint8Array } | Refusal> {
  const verdict = await verifyJws(jws, {
    typ,
    resolver,
    maxBytes: MAX_STATEMENT_BYTES,
    issuerOf: (payload) => payload.kernel_id,
  })
  if (!verdict.ok) return refuse('identity_unavailable', verdict.reason)
  const parsed = schema.safeParse(verdict.payload)
  if (!parsed.success) return refuse('invalid_request', 'not_a_statement')
  const { iat, exp } = parsed.data
  if (exp <= iat) return refuse('invalid_request', 'life_out_of_bounds')
  if (iat > now + SKEW_SECONDS) return refuse('clock_skew', 'from_the_future')
  if (now >= exp) return refuse('identity_unavailable', 'expired')
  return { ok: true, statement: parsed.data, payloadBytes: verdict.payloadBytes }
}

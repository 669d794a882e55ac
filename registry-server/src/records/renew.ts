import { RENEWAL_TYP, type Registered, type Renewal, renewalSchema, type UnixSeconds } from '@hansa/protocols'
import { livenessAt } from '../liveness/liveness.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { RecordComponents } from './admission.ts'
import { withIndex } from './indexed.ts'
import type { Decision, KnownKernel } from './record-store.ts'
import { verifyStatement } from './statement.ts'

export type RenewalOutcome = { ok: true; registered: Registered } | Refusal

/**
 * Extends a listing by one heartbeat, and brings an unreachable kernel back. Each one counts once: its `iat` exceeds that of the one before, so a heartbeat
 * that someone kept says nothing about whether the kernel is alive.
 */
export async function renew(components: RecordComponents, jws: string): Promise<RenewalOutcome> {
  const { now, resolver, records } = components
  const verdict = await verifyStatement(jws, { typ: RENEWAL_TYP, schema: renewalSchema }, { now: now(), resolver })
  if (!verdict.ok) return verdict
  const { statement } = verdict
  if (!components.mayWrite(statement.kernel_id)) return refuse('rate_limited', 'too_many_writes_of_this_kernel')
  return withIndex(
    await records.change(statement.kernel_id, (known) => decide(components, { ...statement, jws }, known, now())),
  )
}

function decide(
  { ttlSeconds, liveness }: RecordComponents,
  { kernel_id, seq, iat, exp, jws }: Renewal & { jws: string },
  known: KnownKernel | undefined,
  now: UnixSeconds,
): Decision<RenewalOutcome> {
  if (known?.listing === undefined) return { answer: refuse('not_found', 'not_listed') }
  // Whether a sweep has come by must make no difference.
  const state = livenessAt({ withdrawn: known.withdrawn, ...known.listing }, now, liveness)
  if (state !== 'alive' && state !== 'unreachable') return { answer: refuse('not_found', 'not_listed') }
  if (seq !== known.seq) return { answer: refuse('descriptor_mismatch', 'renews_another_manifest') }
  const { renewed, manifestExp } = known.listing
  if (iat <= renewed) return { answer: refuse('invalid_request', 'replayed') }
  const expires = Math.min(now + ttlSeconds, exp, manifestExp)
  return {
    answer: { ok: true, registered: { kernel_id, seq, expires } },
    change: {
      kind: 'renew',
      source: '',
      expires,
      renewed: iat,
      ...(known.state !== 'alive' && { entry: { event: 'renewed', at: now, statement: jws } }),
    },
  }
}

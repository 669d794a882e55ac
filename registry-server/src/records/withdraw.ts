import { type Registered, type UnixSeconds, WITHDRAWAL_TYP, type Withdrawal, withdrawalSchema } from '@hansa/protocols'
import { taggedHash } from '@hansa/trust'
import { type Refusal, refuse } from '../refusal.ts'
import { keepUntil, type RecordComponents } from './admission.ts'
import { withIndex } from './indexed.ts'
import type { Decision, KnownKernel } from './record-store.ts'
import { verifyStatement } from './statement.ts'

export type WithdrawalOutcome = { ok: true; registered: Registered } | Refusal

/** Ends a listing at once. The number of the withdrawal is remembered: only a manifest with a higher one is listed again. */
export async function withdraw(components: RecordComponents, jws: string): Promise<WithdrawalOutcome> {
  const { now, resolver, records } = components
  const verdict = await verifyStatement(
    jws,
    { typ: WITHDRAWAL_TYP, schema: withdrawalSchema },
    { now: now(), resolver },
  )
  if (!verdict.ok) return verdict
  const { statement, payloadBytes } = verdict
  if (!components.mayWrite(statement.kernel_id)) return refuse('rate_limited', 'too_many_writes_of_this_kernel')
  const hash = taggedHash('withdrawal', payloadBytes)
  const signed = { ...statement, jws }
  return withIndex(await records.change(statement.kernel_id, (known) => decide(signed, hash, known, now())))
}

function decide(
  { kernel_id, seq, jws }: Withdrawal & { jws: string },
  hash: string,
  known: KnownKernel | undefined,
  now: UnixSeconds,
): Decision<WithdrawalOutcome> {
  // What was never here need not be withdrawn, and a number for every DID that can be made up would fill the disk.
  if (known === undefined) return { answer: refuse('not_found', 'never_registered') }
  const answer = { ok: true as const, registered: { kernel_id, seq, expires: now } }
  if (known.withdrawn && seq === known.seq && hash === known.hash) return { answer }
  if (seq <= known.seq) return { answer: refuse('descriptor_mismatch', 'rolled_back') }
  const entry = { event: 'withdrawn', at: now, statement: jws } as const
  return { answer, change: { kind: 'withdraw', seq, hash, keepUntil: keepUntil(now), entry } }
}

/**
 * Takes over what another registry lists, verified again as if its kernel had brought it. Loop-safe: a manifest is taken only
 * with a higher number than is known, a heartbeat only if it is newer, and what the other one observed only of what came from
 * it. So nothing that goes round comes back as news.
 */
import { RENEWAL_TYP, type RegistryEntry, renewalSchema, type SignedManifest } from '@hansa/protocols'
import { verifyManifest } from '@hansa/trust'
import { keepUntil, type RecordComponents } from '../records/admission.ts'
import type { Decision, KnownKernel } from '../records/record-store.ts'
import { verifyStatement } from '../records/statement.ts'
import { withdraw } from '../records/withdraw.ts'
import { type Refusal, refuse } from '../refusal.ts'
import { termsOf } from '../search/query.ts'

export type Replicated = { ok: true; news: boolean } | Refusal

export async function takeManifest(components: RecordComponents, source: string, jws: string): Promise<Replicated> {
  const { now, resolver, records } = components
  const verdict = await verifyManifest(jws, { now: now(), resolver })
  if (!verdict.ok) return refuse(verdict.code, verdict.reason)
  const { signed } = verdict
  const decided = await records.change(signed.manifest.kernel_id, (known, kernels) =>
    decideManifest(components, { source, signed }, known, kernels),
  )
  return decided.answer
}

function decideManifest(
  { now, maxKernels }: RecordComponents,
  { source, signed }: { source: string; signed: SignedManifest },
  known: KnownKernel | undefined,
  kernels: number,
): Decision<Replicated> {
  const { seq, exp } = signed.manifest
  const at = now()
  if (at >= exp) return { answer: refuse('identity_unavailable', 'expired') }
  if (known === undefined && kernels >= maxKernels) return { answer: refuse('busy', 'too_many_kernels') }
  if (known !== undefined && seq === known.seq && signed.hash !== known.hash && !known.withdrawn)
    return { answer: refuse('descriptor_mismatch', 'discovery_conflict') }
  if (known !== undefined && seq <= known.seq) return { answer: { ok: true, news: false } }
  const { hash, jws: manifest, manifest: parsed } = signed
  return {
    answer: { ok: true, news: true },
    change: {
      ...{ kind: 'list', source, seq, hash, manifest, terms: termsOf(parsed), keepUntil: keepUntil(at) },
      manifestExp: exp,
      // Its heartbeats go to the other registry, which says when they stop.
      expires: exp,
      entry: { event: 'listed', at },
    },
  }
}

/** What the log of the other registry says besides manifests. */
export async function takeEntry(
  components: RecordComponents,
  source: string,
  entry: RegistryEntry,
  statement: string | undefined,
): Promise<Replicated> {
  switch (entry.event) {
    case 'listed':
      return { ok: true, news: false }
    case 'withdrawn':
      return statement === undefined
        ? refuse('invalid_request', 'no_statement')
        : await takeWithdrawal(components, statement)
    case 'renewed':
      return statement === undefined
        ? refuse('invalid_request', 'no_statement')
        : await takeRenewal(components, source, statement)
    case 'unreachable':
    case 'dead':
      return await takeObservation(components, source, entry)
  }
}

async function takeWithdrawal(components: RecordComponents, statement: string): Promise<Replicated> {
  const outcome = await withdraw(components, statement)
  if (outcome.ok) return { ok: true, news: true }
  // What is withdrawn here already, or was never here, is no news.
  return outcome.reason === 'rolled_back' || outcome.reason === 'never_registered' ? { ok: true, news: false } : outcome
}

async function takeRenewal(components: RecordComponents, source: string, jws: string): Promise<Replicated> {
  const { now, resolver, records } = components
  const verdict = await verifyStatement(jws, { typ: RENEWAL_TYP, schema: renewalSchema }, { now: now(), resolver })
  if (!verdict.ok) return verdict
  const { kernel_id, seq, iat } = verdict.statement
  const { answer } = await records.change(kernel_id, (known): Decision<Replicated> => {
    const listing = known?.listing
    if (known?.source !== source || listing === undefined || seq !== known.seq || iat <= listing.renewed)
      return { answer: { ok: true, news: false } }
    const entry = { event: 'renewed', at: now(), statement: jws } as const
    const change = { kind: 'renew', source, expires: listing.manifestExp, renewed: iat } as const
    return { answer: { ok: true, news: true }, change: { ...change, ...(known.state !== 'alive' && { entry }) } }
  })
  return answer
}

async function takeObservation(
  { now, records }: RecordComponents,
  source: string,
  { event, kernel_id, seq }: RegistryEntry,
): Promise<Replicated> {
  const state = event === 'dead' ? 'dead' : 'unreachable'
  const { answer } = await records.change(kernel_id, (known): Decision<Replicated> => {
    if (known?.source !== source || known.listing === undefined || seq !== known.seq || known.state === state)
      return { answer: { ok: true, news: false } }
    const at = now()
    const change = { kind: 'observe', state, expires: Math.min(at, known.listing.expires) } as const
    return { answer: { ok: true, news: true }, change: { ...change, entry: { event: state, at } } }
  })
  return answer
}

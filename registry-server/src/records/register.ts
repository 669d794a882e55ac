import type { Did, Registered, SignedManifest } from '@hansa/protocols'
import { checkAgainstKnown, verifyManifest } from '@hansa/trust'
import { type Refusal, refuse } from '../refusal.ts'
import { termsOf } from '../search/query.ts'
import { keepProofUntil, keepUntil, type RecordComponents } from './admission.ts'
import { withIndex } from './indexed.ts'
import type { Decision, KnownKernel } from './record-store.ts'

export type Registration =
  | { ok: true; registered: Registered }
  | (Refusal & { equivocation?: { kernel: Did; seq: number; hash: string } })

/**
 * Lists a kernel under the manifest that it signed. Whoever brings the manifest may do so: the signature says whose it
 * is, and its number that it is the newest. The same manifest again lists the kernel anew.
 */
export async function register(components: RecordComponents, jws: string): Promise<Registration> {
  const { now, resolver, records } = components
  const verdict = await verifyManifest(jws, { now: now(), resolver })
  if (!verdict.ok) return refuse(verdict.code, verdict.reason)
  const { signed } = verdict
  if (!components.mayWrite(signed.manifest.kernel_id)) return refuse('rate_limited', 'too_many_writes_of_this_kernel')
  const decided = await records.change(signed.manifest.kernel_id, (known, kernels) =>
    decide(components, signed, known, kernels),
  )
  return withIndex(decided)
}

function decide(
  { now, ttlSeconds, maxKernels }: RecordComponents,
  signed: SignedManifest,
  known: KnownKernel | undefined,
  kernels: number,
): Decision<Registration> {
  const { kernel_id, seq, exp } = signed.manifest
  const time = now()
  // A listing never outlives its manifest, so the minute of skew that a verifier allows does not help here.
  if (time >= exp) return { answer: refuse('identity_unavailable', 'expired') }
  if (known === undefined && kernels >= maxKernels) return { answer: refuse('busy', 'too_many_kernels') }
  // The withdrawal holds its number: a manifest must exceed it, and having the same one convicts nobody.
  if (known?.withdrawn && seq <= known.seq) return { answer: refuse('descriptor_mismatch', 'withdrawn') }
  const contradiction = known && checkAgainstKnown(signed, known)
  if (contradiction !== undefined) {
    const answer = refuse(contradiction.code, contradiction.reason)
    if (contradiction.evidence !== 'equivocation') return { answer }
    const { hash, jws: manifest } = signed
    return {
      answer: { ...answer, equivocation: { kernel: kernel_id, seq, hash } },
      change: { kind: 'convict', seq, hash, manifest, keepUntil: keepProofUntil(time) },
    }
  }
  const expires = Math.min(time + ttlSeconds, exp)
  return {
    answer: { ok: true, registered: { kernel_id, seq, expires } },
    change: {
      kind: 'list',
      source: '',
      seq,
      hash: signed.hash,
      manifest: signed.jws,
      manifestExp: exp,
      expires,
      terms: termsOf(signed.manifest),
      keepUntil: keepUntil(time),
      ...(isNews(known, signed.hash, time) && { entry: { event: 'listed', at: time } }),
    },
  }
}

/** The same manifest again says no more than a heartbeat, while the kernel is alive. */
function isNews(known: KnownKernel | undefined, hash: string, now: number): boolean {
  return known?.hash !== hash || known.state !== 'alive' || known.listing === undefined || now >= known.listing.expires
}

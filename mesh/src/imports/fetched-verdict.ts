/** What a manifest that was fetched for an import is worth besides its signature: who showed it, and what is pinned. Pure. */
import { manifestOrder } from '../peers/manifest-order.ts'
import { equivocated, type PeerManifestVerdict } from '../peers/verify-peer-manifest.ts'
import { certificateFault } from '../transport/certificate-fault.ts'
import type { ShownCertificate } from '../transport/certificate-key.ts'
import type { ImportRecord } from './import-record.ts'

/** A genuine manifest does not make genuine whoever passes it on. */
export function overCertificate(
  verdict: PeerManifestVerdict,
  shown: ShownCertificate | undefined,
): PeerManifestVerdict {
  const reason = verdict.ok ? certificateFault(verdict.signed.manifest, shown) : undefined
  return reason === undefined ? verdict : { ok: false, code: 'identity_unavailable', reason }
}

/** The pins outlive what is remembered of a peer, so they are compared as well. */
export function withPins(known: ImportRecord, verdict: PeerManifestVerdict): PeerManifestVerdict {
  if (!verdict.ok) return verdict
  const { signed } = verdict
  const { seq } = signed.manifest
  const order = manifestOrder({ seq, hash: signed.hash }, { seq: known.manifest.seq, hash: known.manifestHash })
  const refusal = { ok: false, code: 'descriptor_mismatch' } as const
  if (order === 'equivocation') return { ...refusal, reason: equivocated(known.peer, seq), evidence: 'equivocation' }
  if (order !== 'rolled_back') return verdict
  return { ...refusal, reason: `${known.peer} serves manifest ${seq}, older than what is imported` }
}

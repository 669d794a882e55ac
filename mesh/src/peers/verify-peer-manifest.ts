/**
 * A manifest from outside, checked in itself and against what is remembered of its kernel; then remembered. Refusals carry
 * a sentence for people, because they end in front of whoever asked for the peer.
 */
import type { Clock, Code, Did, SignedManifest } from '@hansa/protocols'
import { type KeyResolver, verifyManifest } from '@hansa/trust'
import { manifestOrder } from './manifest-order.ts'
import type { PeerMemory } from './peer-memory.ts'

/** What is remembered of manifests. */
export type ManifestMemory = Pick<PeerMemory, 'manifest' | 'rememberManifest' | 'equivocates'>

export type PeerManifestComponents = { resolver: KeyResolver; clock: Clock; memory: ManifestMemory }

export type PeerManifestVerdict =
  | { ok: true; signed: SignedManifest }
  | { ok: false; code: Code; reason: string; evidence?: 'equivocation' }

/** Checks, and remembers what was good. @param expected the only kernel whose manifest is wanted. Never throws for anything in `jws`. */
export async function verifyPeerManifest(
  components: PeerManifestComponents,
  jws: string,
  expected?: Did,
): Promise<PeerManifestVerdict> {
  const verdict = await checkPeerManifest(components, jws, expected)
  if (verdict.ok) await rememberManifest(components, verdict.signed.manifest.kernel_id, verdict.signed)
  return verdict
}

/** The newest manifest of a kernel, once it has been checked. */
export async function rememberManifest(
  { memory }: { memory: Pick<ManifestMemory, 'rememberManifest'> },
  peer: Did,
  signed: SignedManifest,
): Promise<void> {
  await memory.rememberManifest(peer, { seq: signed.manifest.seq, hash: signed.hash }, signed.jws)
}

/** Checks without remembering. */
export async function checkPeerManifest(
  { resolver, clock, memory }: PeerManifestComponents,
  jws: string,
  expected?: Did,
): Promise<PeerManifestVerdict> {
  const now = Math.floor(clock.now() / 1000)
  const verdict = await verifyManifest(jws, { now, resolver })
  if (!verdict.ok) return { ok: false, code: verdict.code, reason: manifestSentence(verdict.reason) }
  const { signed } = verdict
  const { kernel_id: peer, seq } = signed.manifest
  if (expected !== undefined && peer !== expected)
    return { ok: false, code: 'identity_unavailable', reason: `the manifest is of ${peer}, not of ${expected}` }
  const seen = await memory.manifest(peer)
  const order = manifestOrder({ seq, hash: signed.hash }, seen)
  if (order === 'rolled_back')
    return { ok: false, code: 'descriptor_mismatch', reason: rolledBack(peer, seq, seen?.seq ?? seq) }
  if (order === 'equivocation') {
    memory.equivocates(peer, jws)
    return { ok: false, code: 'descriptor_mismatch', reason: equivocated(peer, seq), evidence: 'equivocation' }
  }
  return { ok: true, signed }
}

export function equivocated(peer: Did, seq: number): string {
  return `${peer} has signed two different manifests with number ${seq}: it equivocates, and neither is accepted`
}

function rolledBack(peer: Did, seq: number, seen: number): string {
  return `the manifest of ${peer} has number ${seq}, and number ${seen} was seen before: it was rolled back`
}

const sentences: Readonly<Record<string, string>> = {
  too_large: 'the manifest is larger than 256 KiB',
  not_a_compact_jws: 'it is not a signed manifest',
  unsigned_legacy_manifest:
    'the manifest is unsigned (version 1 of the federation issue); unsigned manifests are refused',
  signature_invalid: 'the signature of the manifest does not verify',
  expired: 'the manifest has expired; the kernel has to publish a new one',
  from_the_future: 'the manifest is from the future: the two clocks are too far apart',
  life_out_of_bounds: 'the manifest claims to live longer than 24 hours, or not at all',
}

/** @param reason as `verifyManifest` gives it. */
export function manifestSentence(reason: string): string {
  return sentences[reason] ?? `the manifest is refused: ${reason}`
}

/**
 * The level of a session, from one side's view of the other (security.md B3): 1 when the other's manifest verifies and is
 * the one it named under its signature, and its log extends what was seen of it; else 0, and why. What was verified is
 * remembered. Both sides use this.
 */
import type { CheckpointProof, CheckpointReference, Did, SessionLevel, SignedManifest } from '@hansa/protocols'
import { manifestOrder } from '../peers/manifest-order.ts'
import type { PeerMemory, SeenManifest } from '../peers/peer-memory.ts'
import { equivocated, type PeerManifestComponents, verifyPeerManifest } from '../peers/verify-peer-manifest.ts'
import { judgeCheckpoint, type LogKeys } from './judge-checkpoint.ts'

export type PeerClaim = {
  peer: Did
  /** The manifest that the peer named in its signed message. */
  named: SeenManifest
  /** That manifest itself. Not needed when it is the one remembered and `logs` are given. */
  jws?: string | undefined
  /** Pinned keys of the peer's log; they win over those of the manifest. */
  logs?: LogKeys | undefined
  checkpoint?: CheckpointProof | undefined
  /** What this side remembered, and told the peer, before. */
  seen?: CheckpointReference | undefined
}

export type PeerJudgement = {
  level: SessionLevel
  reasons: string[]
  /** The peer has signed two manifests of one number: no session at any level. */
  equivocated: boolean
  manifest?: SignedManifest
  checkpoint?: CheckpointReference
}

/** Told of a note that does not follow from what its log signed before; the session has level 0 then. */
export type ToldOfContradictions = { contradicted?(peer: Did, note: string): void }

export async function judgePeer(
  components: PeerManifestComponents & { memory: PeerMemory } & ToldOfContradictions,
  claim: PeerClaim,
): Promise<PeerJudgement> {
  const manifest = await judgeManifest(components, claim)
  if (!manifest.ok) return { level: 0, reasons: [manifest.reason], equivocated: manifest.evidence !== undefined }
  const signed = manifest.signed === undefined ? {} : { manifest: manifest.signed }
  const judged = judgeCheckpoint(claim.checkpoint, manifest.logs, claim.seen)
  if (!judged.ok) {
    const { shown } = judged
    // A log with fewer entries than before is an older copy, and speaks for itself; see docs/decisions/0014.
    if (shown !== undefined && claim.checkpoint !== undefined && shown.size >= (claim.seen?.size ?? 0))
      components.contradicted?.(claim.peer, claim.checkpoint.note)
    return { level: 0, reasons: [judged.reason], equivocated: false, ...signed }
  }
  await components.memory.rememberCheckpoint(claim.peer, judged.checkpoint, claim.checkpoint?.note)
  return { level: 1, reasons: [], equivocated: false, checkpoint: judged.checkpoint, ...signed }
}

type ManifestJudgement =
  | { ok: true; logs: LogKeys; signed?: SignedManifest }
  | { ok: false; reason: string; evidence?: 'equivocation' }

async function judgeManifest(components: PeerManifestComponents, claim: PeerClaim): Promise<ManifestJudgement> {
  const { peer, named, jws, logs } = claim
  const order = manifestOrder(named, await components.memory.manifest(peer))
  // Whether what it showed is that manifest is looked at by whoever is told.
  if (order === 'equivocation' && jws !== undefined) components.memory.equivocates(peer, jws)
  if (order === 'equivocation') return { ok: false, reason: equivocated(peer, named.seq), evidence: 'equivocation' }
  if (order === 'rolled_back') return { ok: false, reason: `the peer names an old manifest, number ${named.seq}` }
  if (jws === undefined) {
    if (order === 'same' && logs !== undefined) return { ok: true, logs }
    return { ok: false, reason: 'the peer showed no manifest' }
  }
  const verdict = await verifyPeerManifest(components, jws, peer)
  if (!verdict.ok) return verdict
  if (verdict.signed.hash !== named.hash)
    return { ok: false, reason: 'the manifest is not the one that the peer named' }
  return { ok: true, logs: logs ?? verdict.signed.manifest.logs, signed: verdict.signed }
}

/** What a score is made of. Whoever makes one has verified it: a claim without a proof is no evidence. */
import type { EvidenceKind } from './score-table.ts'

export type ScoreEvidence = {
  /** Of the signed object or entry that shows it, base64url. Evidence with a hash that was seen counts once. */
  hash: string
  /** Days since 1970, UTC. */
  day: number
  kind: EvidenceKind
  /**
   * Who traded: a DID, or `self` for this kernel's own calls. What others traded counts only for `good`, and only when the
   * source is trusted; anything bad is its own proof, whoever brought it.
   */
  source: string
  /** Orders what happened on one day, where that is known: a vouch that follows grave evidence stands. */
  at?: number
}

/** What is known of a source other than this kernel. */
export type ScoreSource = {
  /** This kernel's own score of it. */
  score: number
  organisation: string
}

export type Endorsement = {
  /** This kernel's own score of the one who endorses. */
  score: number
  organisation: string
  /** The score that it gives. */
  endorsed: number
  /** Of the signed statement. */
  hash: string
}

export type Vouch = {
  standing: number
  /** First day it counts, and the first day it no longer does. */
  from: number
  until: number
  hash: string
  /** As `at` of evidence. */
  at?: number
}

export type ScoreInput = {
  /** The day that the score is of. */
  day: number
  organisation: string
  /** Whether an operator pinned its key by configuration, agreement or vouch; or its DID is more than a key. */
  pinned: boolean
  evidence: readonly ScoreEvidence[]
  /** By DID. A source that is not in it counts for nothing. */
  sources: ReadonlyMap<string, ScoreSource>
  endorsements?: readonly Endorsement[]
  vouches?: readonly Vouch[]
  /** Hashes of critical evidence whose case is closed: it still weighs, and no longer forces the score to 0. */
  released?: ReadonlySet<string>
}

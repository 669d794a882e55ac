import type { Did, SignedManifest } from '@hansa/protocols'
import type { GossipVerdict } from '../gossip/gossip.ts'
import type { ReplicaRecord } from './replica-record.ts'

/** What became of one record, and why in a word. */
export type Taken = { verdict: GossipVerdict; reason: string; did?: Did }

/** A record is in the replica now, or has left it. */
export type ReplicaChange =
  | { kind: 'taken'; record: ReplicaRecord /** Read already. */; signed?: SignedManifest }
  | { kind: 'lapsed' | 'evicted'; record: ReplicaRecord }

/**
 * The newest signed manifest of every kernel that this one has heard of, checked on the way in. It grants
 * nothing: what is imported is verified again, with its schemas and its key.
 */
export interface Replica {
  /**
   * A compact JWS of a manifest or of a withdrawal. Never throws for anything in it.
   * @param from who brought it: the DID of a kernel that was asked, or an address. Strangers share a bounded part.
   */
  take(jws: string, from: string): Promise<GossipVerdict>
  /** As `take`, with the reason. */
  judge(jws: string, from: string): Promise<Taken>
  /** The newest manifest; undefined for an unknown kernel, one that has withdrawn, and one whose manifest has expired. */
  get(did: Did): SignedManifest | undefined
  /** The record itself, also a tombstone. */
  record(did: Did): ReplicaRecord | undefined
  /** Kernels with a manifest. */
  readonly size: number
  /** Kernels with a manifest, in no order. */
  dids(): Iterable<Did>
  /** Told of each change, after it was made. @returns ends it. */
  watch(told: (change: ReplicaChange) => void): () => void
}

/** What a replica holds of one kernel: the newest thing that it has signed about what it offers. */
import type { Did, UnixSeconds } from '@hansa/protocols'

export type ReplicaRecord = {
  did: Did
  /** `withdrawal`: a tombstone, the kernel has taken its manifests back. */
  kind: 'manifest' | 'withdrawal'
  seq: number
  /** SHA-256 of the payload, base64url. */
  hash: string
  /** As it was signed. */
  jws: string
  /** From here on it counts no more. */
  until: UnixSeconds
  /** Who brought it, in the words of the transport, or a DID. */
  from: string
  /** The kernel has signed another manifest of this number. */
  equivocates?: true
}

/** What decides which of two records of one kernel is kept. */
export type RecordVersion = Pick<ReplicaRecord, 'kind' | 'seq' | 'hash'>

export type RecordOrder = 'newer' | 'same' | 'older' | 'equivocation'

/**
 * The higher number wins; of one number a tombstone does. Two tombstones of one number say the same, so that the smaller
 * hash decides and every replica ends with one of them. Pure.
 */
export function recordOrder(next: RecordVersion, held: RecordVersion | undefined): RecordOrder {
  if (held === undefined || next.seq > held.seq) return 'newer'
  if (next.seq < held.seq) return 'older'
  if (next.kind !== held.kind) return next.kind === 'withdrawal' ? 'newer' : 'older'
  if (next.hash === held.hash) return 'same'
  if (next.kind === 'manifest') return 'equivocation'
  return next.hash < held.hash ? 'newer' : 'older'
}

import type { Did, UnixSeconds } from '@hansa/protocols'
import type { ListingPage, ListingQuery, Term } from '../search/query.ts'

/** What is remembered of a kernel, without the text of its manifest. */
export type KnownKernel = {
  /** Highest number that was accepted from it, in a manifest or a withdrawal. */
  seq: number
  /** Hash of the manifest or the withdrawal with that number. */
  hash: string
  withdrawn: boolean
  /** Absent once it has ended; until a sweep it may still be here after its `expires`. */
  listing?: {
    manifestExp: UnixSeconds
    /** Exclusive. */
    expires: UnixSeconds
    /** `iat` of the newest renewal, 0 before the first. */
    renewed: UnixSeconds
  }
}

export type Change =
  | {
      kind: 'list'
      seq: number
      hash: string
      /** Compact JWS. */
      manifest: string
      manifestExp: UnixSeconds
      expires: UnixSeconds
      terms: readonly Term[]
      /** From then on nothing that this record refuses is valid any more. */
      keepUntil: UnixSeconds
    }
  | { kind: 'renew'; expires: UnixSeconds; renewed: UnixSeconds }
  | { kind: 'withdraw'; seq: number; hash: string; keepUntil: UnixSeconds }
  /** Keeps the second manifest of one number beside the first, if that is still here. Only the first pair is kept. */
  | { kind: 'convict'; seq: number; hash: string; manifest: string; keepUntil: UnixSeconds }

export type Decision<A> = { answer: A; change?: Change }

/** The pair of manifests that a kernel signed with one number. */
export type Equivocation = { seq: number; hash: string; manifest: string; firstHash: string; firstManifest?: string }

export interface RecordStore {
  /**
   * Decides on what is known of one kernel and stores the change; no other change of that kernel comes in between, also
   * not from another process. A resolved change is on the disk.
   *
   * @param decide `kernels`: how many are remembered; counted only when this one is not.
   */
  change<A>(did: Did, decide: (known: KnownKernel | undefined, kernels: number) => Decision<A>): Promise<A>
  /** The live listing of one kernel. */
  get(did: Did, now: UnixSeconds): Promise<{ manifest: string; expires: UnixSeconds } | undefined>
  /** Live listings, by DID. */
  page(query: ListingQuery, now: UnixSeconds): Promise<ListingPage>
  countListed(now: UnixSeconds): Promise<number>
  equivocation(did: Did): Promise<Equivocation | undefined>
  /** Drops the listings that have ended, and forgets the kernels that need not be remembered any more. */
  sweep(now: UnixSeconds): Promise<{ ended: number; forgotten: number }>
}

import type { Did, ListingEvent, Liveness, UnixSeconds } from '@hansa/protocols'
import type { LivenessLimits } from '../liveness/liveness.ts'
import type { ListingPage, ListingQuery, Term } from '../search/query.ts'

/** What is remembered of a kernel, without the text of its manifest. */
export type KnownKernel = {
  /** Highest number that was accepted from it, in a manifest or a withdrawal. */
  seq: number
  /** Hash of the manifest or the withdrawal with that number. */
  hash: string
  withdrawn: boolean
  /** As the log has it; the time may have gone on. */
  state: Liveness
  /** Base URL of the registry that it came from; empty when it was registered here. */
  source: string
  /** Absent once it is dead or withdrawn; until a sweep it may still be here after its end. */
  listing?: {
    manifestExp: UnixSeconds
    /** Exclusive. */
    expires: UnixSeconds
    /** `iat` of the newest renewal, 0 before the first. */
    renewed: UnixSeconds
  }
}

/** What the log says of a change. */
export type ChangeEntry = { event: ListingEvent; at: UnixSeconds /** Compact JWS. */; statement?: string }

export type Change = (
  | {
      kind: 'list'
      source: string
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
  | { kind: 'renew'; source: string; expires: UnixSeconds; renewed: UnixSeconds }
  /** Time has passed: `dead` drops the manifest. */
  | { kind: 'observe'; state: 'unreachable' | 'dead' /** @default as it was */; expires?: UnixSeconds }
  | { kind: 'withdraw'; seq: number; hash: string; keepUntil: UnixSeconds }
  /** Keeps the second manifest of one number beside the first, if that is still here. Only the first pair is kept. */
  | { kind: 'convict'; seq: number; hash: string; manifest: string; keepUntil: UnixSeconds }
) & {
  /** Appended to the log in the same transaction. Absent for what changes nothing that others see. */
  entry?: ChangeEntry
}

export type Decision<A> = { answer: A; change?: Change }
/** With the number of the last entry of the log about the kernel, if it has one. */
export type Decided<A> = { answer: A; index?: number }

/** What is known of a kernel, for whoever asks; `expires` and `manifestExp` as they were when it was last listed. */
export type KernelRecord = {
  seq: number
  hash: string
  withdrawn: boolean
  expires: UnixSeconds
  manifestExp: UnixSeconds
  state: Liveness
  since: UnixSeconds
  index?: number
  equivocated: boolean
}

/** The pair of manifests that a kernel signed with one number. */
export type Equivocation = { seq: number; hash: string; manifest: string; firstHash: string; firstManifest?: string }

export interface RecordStore {
  /**
   * Decides on what is known of one kernel and stores the change; no other change of that kernel comes in between, also
   * not from another process. A resolved change is on the disk.
   *
   * @param decide `kernels`: how many are remembered; counted only when this one is not.
   */
  change<A>(did: Did, decide: (known: KnownKernel | undefined, kernels: number) => Decision<A>): Promise<Decided<A>>
  /** The live listing of one kernel. */
  get(did: Did, now: UnixSeconds): Promise<{ manifest: string; expires: UnixSeconds } | undefined>
  /** Live listings, by DID. */
  page(query: ListingQuery, now: UnixSeconds): Promise<ListingPage>
  countListed(now: UnixSeconds): Promise<number>
  /** The manifest with this hash, while its kernel is listed under it. */
  manifest(did: Did, hash: string): Promise<string | undefined>
  find(did: Did): Promise<KernelRecord | undefined>
  equivocation(did: Did): Promise<Equivocation | undefined>
  /** Kernels whose state as the log has it is not that of the time any more, by DID. */
  overdue(now: UnixSeconds, limits: LivenessLimits, limit: number): Promise<Did[]>
  /** Forgets the kernels that need not be remembered any more. @returns how many. */
  forget(now: UnixSeconds): Promise<number>
}

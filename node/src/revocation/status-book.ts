/** As of when, and up to which number, it is known what each other kernel has revoked; and what each holds of ours. */
import type { Did, UnixSeconds } from '@hansa/protocols'

/** What is known of one other kernel. */
export type PeerStatus = {
  /** By its own word, and never later than now. */
  asOf: UnixSeconds
  /** Number of its newest revocation. */
  seq: number
}

/** Kernels that are remembered; the one that was heard of longest ago goes first, and counts as never heard of. */
const MAX_PEERS = 20_000

export class StatusBook {
  readonly #known = new Map<Did, PeerStatus>()
  /** Newest revocation of this kernel that each other one holds, by its own word. */
  readonly #holds = new Map<Did, number>()

  of(peer: Did): PeerStatus | undefined {
    return this.#known.get(peer)
  }

  /** An older word than the last one changes nothing. */
  note(peer: Did, status: PeerStatus): void {
    const before = this.#known.get(peer)
    if (before !== undefined && before.asOf > status.asOf) return
    remember(this.#known, peer, status)
  }

  holds(peer: Did): number | undefined {
    return this.#holds.get(peer)
  }

  noteHolds(peer: Did, seq: number): void {
    remember(this.#holds, peer, seq)
  }
}

function remember<T>(map: Map<Did, T>, peer: Did, value: T): void {
  map.delete(peer)
  map.set(peer, value)
  const [oldest] = map.keys()
  if (map.size > MAX_PEERS && oldest !== undefined) map.delete(oldest)
}

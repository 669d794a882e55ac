/**
 * How many repetitions a peer gets: a part of the calls that are made to it, so that a peer in trouble is not sent a
 * multiple of its load (security.md B13). Pure.
 */
export type RetryBudgetSettings = {
  /** Repetitions per call. @default 0.1 */
  share: number
  /** Repetitions that a peer with little traffic gets, and the most that are saved up. @default 10 */
  most: number
}

export const DEFAULT_RETRY_BUDGET: RetryBudgetSettings = { share: 0.1, most: 10 }

/** More peers than are called at a time; beyond it the one that was called longest ago begins anew. */
const MAX_PEERS = 10_000

export class RetryBudget {
  readonly #settings: RetryBudgetSettings
  readonly #left = new Map<string, number>()

  constructor(settings: RetryBudgetSettings = DEFAULT_RETRY_BUDGET) {
    this.#settings = settings
  }

  /** A call is made to the peer for the first time. */
  called(peer: string): void {
    const { share, most } = this.#settings
    const left = Math.min(most, (this.#left.get(peer) ?? most) + share)
    this.#left.delete(peer)
    this.#left.set(peer, left)
    if (this.#left.size <= MAX_PEERS) return
    const [oldest] = this.#left.keys()
    if (oldest !== undefined) this.#left.delete(oldest)
  }

  /** @returns whether it may be repeated; then that repetition is spent. */
  spend(peer: string): boolean {
    const left = this.#left.get(peer) ?? this.#settings.most
    if (left < 1) return false
    this.#left.set(peer, left - 1)
    return true
  }
}

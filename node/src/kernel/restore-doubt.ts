/**
 * For a day after a kernel was restored from a backup, it does not know which calls it served between the backup and the
 * restore. A call that says it may be a repetition, by an idempotency key or as a further attempt, might have acted then
 * (docs/decisions/0014). A projection of the ledger: the first entry of the successor log says that there was a restore.
 */
import type { Entry } from '@hansa/protocols'

/** As long as an idempotency key is remembered, ms. */
const DOUBT_MS = 86_400_000

/** Why a log has a successor: calls may have been lost, or the operator says that there were none. */
export const successionReasons = { restored: 'restored', moved: 'moved' } as const
export type SuccessionReason = keyof typeof successionReasons

export class RestoreDoubt {
  #untilMs = 0

  /** Whether a call of this time may repeat one that is forgotten. */
  holds(nowMs: number): boolean {
    return nowMs < this.#untilMs
  }

  /** Unix ms. */
  state(): number {
    return this.#untilMs
  }

  restore(untilMs: number): void {
    this.#untilMs = untilMs
  }

  replay(entry: Entry): void {
    if (entry.type !== 'log.opened' || entry.ext?.reason !== successionReasons.restored) return
    this.#untilMs = entry.t_ms + DOUBT_MS
  }
}

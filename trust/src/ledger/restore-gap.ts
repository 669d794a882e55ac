/**
 * What a restore lost: the entries between the checkpoint at which a log was frozen and the first entry of its successor.
 * Nobody but the other side of a call can say what they were.
 */
import { linkOf } from './log-link.ts'
import type { WalkedEntry } from './walked-entry.ts'

export type RestoreGap = {
  /** The frozen log. */
  origin: string
  /** Its entries; what is said of later ones cannot be looked up. 0 when the frozen log is not at hand at all. */
  size: number
  /** Unix milliseconds of its last entry, and of the first one of its successor. */
  fromMs: number
  toMs: number
}

/** Two clocks may differ by this much, ms (security.md B0.4). */
const SKEW_MS = 60_000

/** Gathers gaps from entries of the logs of one kernel, in any order of the logs. */
export class GapFinder {
  readonly #links: { origin: string; size: number; toMs: number }[] = []
  readonly #lastMs = new Map<string, number>()

  add(walked: WalkedEntry): void {
    this.#lastMs.set(walked.origin, walked.tMs)
    const link = walked.type === 'log.opened' ? linkOf(walked.entry) : undefined
    if (link !== undefined) {
      this.#links.push({ origin: link.previous.origin, size: link.previous.size, toMs: walked.tMs })
    }
  }

  gaps(): RestoreGap[] {
    return this.#links.map(({ origin, size, toMs }) => {
      const fromMs = this.#lastMs.get(origin)
      return fromMs === undefined ? { origin, size: 0, fromMs: 0, toMs } : { origin, size, fromMs, toMs }
    })
  }
}

/** Whether entry `index` of a log was lost. */
export function isLostEntry(
  gaps: readonly RestoreGap[],
  { origin, index }: { origin: string; index: number },
): boolean {
  return gaps.some((gap) => gap.origin === origin && index >= gap.size)
}

/** Whether something that the other side wrote down at this time may have been lost. */
export function isLostTime(gaps: readonly RestoreGap[], tMs: number): boolean {
  return gaps.some(({ fromMs, toMs }) => tMs >= fromMs - SKEW_MS && tMs <= toMs + SKEW_MS)
}

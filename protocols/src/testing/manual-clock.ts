import type { Clock } from '../ports/clock.ts'

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves on, and runs what falls due on the way, in order of time and then of asking; each sees its own time as now. */
  advance(ms: number): void
  /** How many runs are waiting. */
  readonly waiting: number
}

/** @param start Unix time, milliseconds. @default 1_750_000_000_000 */
export function manualClock(start = 1_750_000_000_000): ManualClock {
  let now = start
  let order = 0
  const timers = new Map<number, { at: number; run: () => void }>()
  const nextDue = (until: number) =>
    [...timers]
      .filter(([, { at }]) => at <= until)
      .sort(([orderA, a], [orderB, b]) => a.at - b.at || orderA - orderB)
      .at(0)
  return {
    now: () => now,
    after(delayMs, run) {
      const id = order++
      timers.set(id, { at: now + Math.max(0, delayMs), run })
      return () => void timers.delete(id)
    },
    advance(ms) {
      const until = now + ms
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        const [id, { at, run }] = due
        timers.delete(id)
        now = at
        run()
      }
      now = until
    },
    get waiting() {
      return timers.size
    },
  }
}

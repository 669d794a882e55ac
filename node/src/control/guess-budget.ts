/**
 * What refused credentials and tokens may cost. 256 random bits cannot be guessed; who tries all the same is answered
 * slowly, a few at a time, so that it costs the node nothing. Whoever shows the right one never waits here.
 */
import type { Clock } from '@hansa/protocols'
import { pause } from '../pause.ts'

/** Refusals that are answered at once, in each window. A program with an old credential makes a few. */
export const PROMPT_REFUSALS = 16
export const REFUSAL_WINDOW_MS = 10_000
/** Milliseconds that every further refusal waits. */
export const REFUSAL_DELAY_MS = 1_000
/** Refusals that wait at the same time; the connection of one more is cut without an answer. */
export const MAX_WAITING_REFUSALS = 64

export interface GuessBudget {
  /** Waits before a refusal is answered. @returns false when the connection is to be cut instead. */
  wait(signal: AbortSignal): Promise<boolean>
}

export function guessBudget(clock: Clock): GuessBudget {
  let windowStart = 0
  let refused = 0
  let waiting = 0
  return {
    async wait(signal) {
      const now = clock.now()
      if (now - windowStart >= REFUSAL_WINDOW_MS || now < windowStart) {
        windowStart = now
        refused = 0
      }
      refused += 1
      if (refused <= PROMPT_REFUSALS) return true
      if (waiting >= MAX_WAITING_REFUSALS || signal.aborted) return false
      waiting += 1
      try {
        await pause(clock, REFUSAL_DELAY_MS, signal)
      } finally {
        waiting -= 1
      }
      return !signal.aborted
    },
  }
}

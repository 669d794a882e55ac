/** Time comes in through this port; the system clock is an adapter at the edge. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number
  /**
   * Calls `run` once, `delayMs` from now, unless it is cancelled first.
   * @returns cancels it; calling it again does nothing.
   */
  after(delayMs: number, run: () => void): () => void
}

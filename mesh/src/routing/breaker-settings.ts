/** When a peer is cut off, and how soon it is looked at again (security.md B13). */
export type BreakerSettings = {
  /** Part of the exchanges in the window that has to fail, 0 to 1. @default 0.5 */
  failureShare: number
  /** Exchanges that the window has to hold before the part counts. @default 20 */
  minExchanges: number
  /** @default 30_000 */
  windowMs: number
  /** Exchanges one behind the other that end without an answer, however few there are. @default 5 */
  failuresInARow: number
  /** Milliseconds until the first look. @default 1_000 */
  firstProbeMs: number
  /** Each look that finds nothing doubles the pause, up to this. @default 10_000 */
  maxProbeMs: number
}

export const DEFAULT_BREAKER: BreakerSettings = {
  failureShare: 0.5,
  minExchanges: 20,
  windowMs: 30_000,
  // A caller who comes once a minute would never fill the window, and would wait for its deadline each time.
  failuresInARow: 5,
  firstProbeMs: 1_000,
  maxProbeMs: 10_000,
}

/** How calls find whoever serves them, and what becomes of peers that do not: `routing` of the configuration. */
import type { BreakerSettings, RetryBudgetSettings } from '@hansa/mesh'

/**
 * When another provider may serve a call that the first one did not serve. `unnamed`: where the call names no peer.
 * A call can ask for it and against it by itself.
 */
export const fallbackChoices = ['never', 'unnamed', 'always'] as const
export type Fallback = (typeof fallbackChoices)[number]

export type RoutingSettings = {
  breaker?: Partial<BreakerSettings>
  retries?: Partial<RetryBudgetSettings>
  /** Whether a capability that is not offered here and named without a peer is called where it is imported from. @default true */
  unnamed?: boolean
  /** @default 'unnamed' */
  fallback?: Fallback
  /** Whether imported capabilities are tested with the example arguments of their descriptors. @default true */
  canaries?: boolean
  /** Milliseconds for which an answer shows that a capability is served. @default 600_000 */
  healthMs?: number
}

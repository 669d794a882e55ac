/** How calls find whoever serves them, and what becomes of peers that do not: `routing` of the configuration. */
import type { BreakerSettings, RetryBudgetSettings } from '@hansa/mesh'

export type RoutingSettings = {
  breaker?: Partial<BreakerSettings>
  retries?: Partial<RetryBudgetSettings>
}

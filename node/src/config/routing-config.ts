/** `routing` and the places of `limits`, in the units of the kernel. */
import type { RoutingSettings } from '../routing/routing-settings.ts'
import type { NodeConfig } from './config.ts'
import type { ConfigFile } from './config-schema.ts'

export function routingOf({ routing }: ConfigFile): Pick<NodeConfig, 'routing'> {
  if (routing === undefined) return {}
  const { breaker = {}, retry_percent: retries, unnamed, fallback, canaries, health_minutes: minutes } = routing
  const settings: RoutingSettings = {
    breaker: {
      ...(breaker.failure_percent === undefined ? {} : { failureShare: breaker.failure_percent / 100 }),
      ...(breaker.min_exchanges === undefined ? {} : { minExchanges: breaker.min_exchanges }),
      ...(breaker.window_seconds === undefined ? {} : { windowMs: breaker.window_seconds * 1000 }),
      ...(breaker.failures_in_a_row === undefined ? {} : { failuresInARow: breaker.failures_in_a_row }),
      ...(breaker.probe_seconds === undefined ? {} : { maxProbeMs: breaker.probe_seconds * 1000 }),
    },
    ...(unnamed === undefined ? {} : { unnamed }),
    ...(fallback === undefined ? {} : { fallback }),
    ...(canaries === undefined ? {} : { canaries }),
    ...(minutes === undefined ? {} : { healthMs: minutes * 60_000 }),
    ...(retries === undefined ? {} : { retries: retries === 0 ? { share: 0, most: 0 } : { share: retries / 100 } }),
  }
  return { routing: settings }
}

export function inFlightLimits({ limits = {} }: ConfigFile): NodeConfig['inFlight'] {
  return {
    ...(limits.calls_per_peer === undefined ? {} : { perPeer: limits.calls_per_peer }),
    ...(limits.calls_per_principal === undefined ? {} : { perPrincipal: limits.calls_per_principal }),
    ...(limits.calls === undefined ? {} : { all: limits.calls }),
    ...(limits.local_reserve_percent === undefined ? {} : { reserved: limits.local_reserve_percent / 100 }),
  }
}

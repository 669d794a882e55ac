import { describe, expect, it } from 'vitest'
import { configFileSchema } from './config-schema.ts'
import { inFlightLimits, routingOf } from './routing-config.ts'

const file = (value: unknown) => configFileSchema.parse(value)

describe(routingOf, () => {
  it('says nothing where the file says nothing, so that defaults hold', () => {
    expect(routingOf(file({}))).toEqual({})
    expect(routingOf(file({ routing: {} }))).toEqual({ routing: { breaker: {} } })
  })

  it('turns percent into parts and seconds into milliseconds', () => {
    const breaker = {
      failure_percent: 30,
      min_exchanges: 5,
      window_seconds: 10,
      failures_in_a_row: 2,
      probe_seconds: 60,
    }
    expect(routingOf(file({ routing: { breaker, retry_percent: 20 } }))).toEqual({
      routing: {
        breaker: { failureShare: 0.3, minExchanges: 5, windowMs: 10_000, failuresInARow: 2, maxProbeMs: 60_000 },
        retries: { share: 0.2 },
      },
    })
  })

  it('takes where calls go as the file says it', () => {
    const routing = { unnamed: false, fallback: 'always', canaries: false, health_minutes: 2 }
    expect(routingOf(file({ routing }))).toEqual({
      routing: { breaker: {}, unnamed: false, fallback: 'always', canaries: false, healthMs: 120_000 },
    })
  })

  it('makes no repetitions at all of none', () => {
    expect(routingOf(file({ routing: { retry_percent: 0 } })).routing?.retries).toEqual({ share: 0, most: 0 })
  })

  it.each([
    { breaker: { failure_percent: 0 } },
    { breaker: { min_exchanges: 0 } },
    { retry_percent: 101 },
    { brake: {} },
  ])('is not read from %j', (routing) => {
    expect(configFileSchema.safeParse({ routing }).success).toBe(false)
  })
})

describe(inFlightLimits, () => {
  it('takes what the file says of places', () => {
    const limits = { calls: 100, calls_per_peer: 10, calls_per_principal: 2, local_reserve_percent: 50 }
    expect(inFlightLimits(file({ limits }))).toEqual({ all: 100, perPeer: 10, perPrincipal: 2, reserved: 0.5 })
    expect(inFlightLimits(file({}))).toEqual({})
  })
})

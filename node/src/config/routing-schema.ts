/** `routing`: where calls go, and what becomes of peers that do not answer, each key with its unit and default. */
import { z } from 'zod'
import { fallbackChoices } from '../routing/routing-settings.ts'

export const routingSchema = z.strictObject({
  breaker: z
    .strictObject({
      failure_percent: z
        .int()
        .min(1)
        .max(100)
        .describe('Exchanges with a peer within the window that have to fail, percent. Default: 50')
        .optional(),
      min_exchanges: z
        .int()
        .min(1)
        .max(100_000)
        .describe('Exchanges that the window has to hold before that counts. Default: 20')
        .optional(),
      window_seconds: z.int().min(1).max(3_600).describe('How far back it looks, seconds. Default: 30').optional(),
      failures_in_a_row: z
        .int()
        .min(1)
        .max(100_000)
        .describe('Exchanges one behind the other that fail, however few there are. Default: 5')
        .optional(),
      probe_seconds: z
        .int()
        .min(1)
        .max(3_600)
        .describe(
          'Longest pause between two looks for a peer that is cut off, seconds; the first is after one second. Default: 10',
        )
        .optional(),
    })
    .describe('When a peer is cut off: nothing is sent to it until it is found again')
    .optional(),
  unnamed: z
    .boolean()
    .describe(
      'Whether a capability that is named without a peer, and not offered here, is called where it is imported from. Default: true',
    )
    .optional(),
  fallback: z
    .enum(fallbackChoices)
    .describe(
      'When another imported provider of the same capability may serve a call that the first one did not: never, unnamed (calls that name no peer) or always. Default: unnamed',
    )
    .optional(),
  canaries: z
    .boolean()
    .describe(
      'Whether imported capabilities are called now and then, as agent:canary, with the example arguments of their kernels. Default: true',
    )
    .optional(),
  health_minutes: z
    .int()
    .min(1)
    .max(1_440)
    .describe('How long an answer shows that a capability is served, minutes. Default: 10')
    .optional(),
  retry_percent: z
    .int()
    .min(0)
    .max(100)
    .describe('Repetitions of calls to a peer that got no answer, as a part of the calls to it, percent. Default: 10')
    .optional(),
})

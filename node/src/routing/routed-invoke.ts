/**
 * A call that the kernel finds a provider for: the best one first, and another one when it did not serve the call and
 * asking somebody else cannot do the same thing twice. Each attempt is a call of its own, through every stage, with an
 * outcome of its own in the log; the next one names those before it.
 */
import type { CapabilityRef, Clock, Code, EventLogger, Frame, InvokeOptions, TriedProviders } from '@hansa/protocols'
import { errorOf } from '../kernel/frame.ts'
import type { Invoke } from '../kernel/invoke.ts'
import { DEFAULT_DEADLINE_MS } from '../kernel/local-call.ts'
import type { Arrived, Begun, Refused } from '../kernel/stages.ts'
import { AskedBy } from './asked-by.ts'
import { hearing } from './hearing.ts'
import type { Router } from './router.ts'

/** What was asked for, and the attempts before. */
export type Via = { asked: CapabilityRef; tried: TriedProviders }

export type Attempt = (
  capability: string,
  args: unknown,
  options: InvokeOptions,
  source: string,
  via?: Via,
) => Promise<Frame | Refused>

export type RoutedInvokeComponents = {
  router: Pick<Router, 'ways'>
  clock: Clock
  logger: EventLogger
}

export function routedInvoke(attempt: Attempt, { router, clock, logger }: RoutedInvokeComponents): Invoke {
  const askedBy = new AskedBy()
  const invoke = async (capability: string, args: unknown, given: InvokeOptions, source: string): Promise<Frame> => {
    const { options, heardText } = hearing(given)
    const { continues } = options
    const ways = continues === undefined ? router.ways(capability, options) : undefined
    if (ways === undefined) {
      const named = continues === undefined ? capability : askedBy.provider(continues.callId, capability)
      return released(await attempt(named, args, options, source))
    }
    const endMs = clock.now() + (options.deadlineMs ?? DEFAULT_DEADLINE_MS)
    const tried: TriedProviders = []
    for (const [at, way] of ways.entries()) {
      const leftMs = Math.max(1, endMs - clock.now())
      const isLast = at === ways.length - 1
      // A provider that hangs leaves time for another one.
      const deadlineMs = Math.ceil(isLast ? leftMs : leftMs / 2)
      const via = { asked: capability as CapabilityRef, tried: [...tried] }
      const outcome = await attempt(way, args, { ...options, deadlineMs }, source, via)
      if (!('refused' in outcome) || isLast || heardText() || !mayMoveOn(outcome)) return released(outcome)
      tried.push({ call: outcome.call.callId, cap: way, code: outcome.refused })
      logger.info('call.moved_on', { call_id: outcome.call.callId, capability: way, code: outcome.refused })
    }
    throw new Error('a call has at least one way')
  }
  return async (capability, args, options, source = 'local') => {
    const frame = await invoke(capability, args, options, source)
    askedBy.remember(capability, frame)
    return frame
  }
}

/** @throws CallError of a refused call. */
function released(outcome: Frame | Refused): Frame {
  if ('refused' in outcome) throw errorOf(outcome)
  return outcome
}

/** Of this provider, and not of the call. */
const OF_THE_PROVIDER: ReadonlySet<Code> = new Set<Code>([
  'busy',
  'remote_refused',
  'deadline',
  'handshake_failed',
  'identity_unavailable',
  'clock_skew',
  'descriptor_mismatch',
  'rate_limited',
  'log_full',
])
/** What a provider signs that has not looked at the call. */
const NO_ROOM: ReadonlySet<Code> = new Set<Code>(['busy', 'rate_limited', 'log_full'])

function mayMoveOn(refused: Refused): boolean {
  const call: Arrived & Partial<Begun> = refused.call
  if (call.signal?.aborted === true || call.approval !== undefined) return false
  // Nothing was sent. A rule that speaks of this provider says nothing of another one.
  if (call.begin === undefined)
    return (
      OF_THE_PROVIDER.has(refused.refused) || (refused.refused === 'policy_denied' && refused.receipt === undefined)
    )
  const status = refused.receipt?.receipt.status
  if (status !== undefined && status !== 'failed') return NO_ROOM.has(refused.refused)
  const target = call.target
  if (target?.safety === 'READ')
    return OF_THE_PROVIDER.has(refused.refused) || refused.refused === 'outcome_unknown' || status === 'failed'
  // It may have acted there: nobody else is asked to act as well.
  return (
    refused.unknown !== true && status === undefined && target?.idempotent === true && call.idempotencyKey !== undefined
  )
}

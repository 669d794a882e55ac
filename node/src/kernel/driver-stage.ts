/**
 * Lets the capability act: its own driver here, or the exchange with the peer that serves it. A call whose key has
 * already produced an outcome gets that outcome, and nothing acts.
 */
import type { Clock } from '@hansa/protocols'
import { type DriverAnswer, DriverError } from '../drivers/index.ts'
import type { Answered, Begun, Committed, LocalTarget, Refusal } from './stages.ts'

export type DriverComponents = {
  clock: Clock
  /** Sends the intent and returns the peer's verified word, or why there is none. */
  exchange(call: Begun): Promise<Answered | Committed | Refusal>
}

export function driverStage(components: DriverComponents): (call: Begun) => Promise<Answered | Committed | Refusal> {
  return async (call) => {
    if (call.target.kind === 'imported') return components.exchange(call)
    if (call.repeat?.result !== undefined) return { call, raw: call.repeat.result, repeated: call.repeat.callId }
    return actLocally(call, call.target, components.clock)
  }
}

async function actLocally(call: Begun, target: LocalTarget, clock: Clock): Promise<Answered | Refusal> {
  const limit = Math.min(call.deadlineMs - clock.now(), target.limits.timeout_ms ?? Number.POSITIVE_INFINITY)
  if (limit <= 0) return { refused: 'deadline', reason: 'the deadline passed before the driver ran' }
  const stop = new AbortController()
  const cancelTimer = clock.after(limit, () => stop.abort())
  const cancel = () => stop.abort()
  call.signal?.addEventListener('abort', cancel, { once: true })
  try {
    const request = {
      args: call.input.value,
      callId: call.callId,
      principal: call.caller.principal,
      signal: stop.signal,
    }
    return { call, raw: rawOf(await target.driver.invoke(request)) }
  } catch (error) {
    return refusalOf(error, target, stop.signal.aborted)
  } finally {
    cancelTimer()
    call.signal?.removeEventListener('abort', cancel)
  }
}

/** The reason is for the log only: what a driver says of its failure reaches nobody outside. */
function refusalOf(error: unknown, target: LocalTarget, late: boolean): Refusal {
  const began = !(error instanceof DriverError) || error.detail.began
  // Whether a driver that began and failed has acted is not known, unless all it does is read.
  const unknown = began && target.safety !== 'READ'
  const reason =
    error instanceof Error ? `driver: ${error.message}`.slice(0, 512) : 'driver: threw something that is not an Error'
  return { refused: late ? 'deadline' : 'internal', reason, ...(unknown ? { unknown } : {}) }
}

function rawOf(answer: DriverAnswer): Answered['raw'] {
  const value = answer.kind === 'text' ? answer.text.toWellFormed() : answer.value
  return { kind: answer.kind, bytes: Buffer.from(JSON.stringify(value) ?? 'null', 'utf8') }
}

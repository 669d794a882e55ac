/**
 * Lets the capability act: its own driver here, or the exchange with the peer that serves it. A call whose key has
 * already produced an outcome gets that outcome, and nothing acts. A call that goes on where another one waits finds what
 * that one left.
 */
import type { Clock, ContinuationArguments, InputRequests } from '@hansa/protocols'
import { type DriverAnswer, type DriverCall, DriverError } from '../drivers/index.ts'
import type { Detectors } from '../firewall/index.ts'
import { noteSink } from './call-notes.ts'
import { argumentsOf } from './continuation.ts'
import type { Continuations, WaitingCall } from './continuations.ts'
import type { Answered, Begun, Committed, LocalTarget, Refusal } from './stages.ts'

export type DriverComponents = {
  clock: Clock
  detectors: Detectors
  continuations: Continuations
  /** Sends the intent and returns the peer's verified word, or why there is none. */
  exchange(call: Begun): Promise<Answered | Committed | Refusal>
}

export function driverStage(components: DriverComponents): (call: Begun) => Promise<Answered | Committed | Refusal> {
  return async (call) => {
    if (call.target.kind === 'imported') return components.exchange(call)
    if (call.repeat?.result !== undefined) return { call, raw: call.repeat.result, repeated: call.repeat.callId }
    return actLocally(call, call.target, components)
  }
}

async function actLocally(call: Begun, target: LocalTarget, components: DriverComponents): Promise<Answered | Refusal> {
  const limit = Math.min(call.deadlineMs - components.clock.now(), target.limits.timeout_ms ?? Number.POSITIVE_INFINITY)
  if (limit <= 0) return { refused: 'deadline', reason: 'the deadline passed before the driver ran' }
  if (call.signal?.aborted === true)
    return { refused: 'deadline', reason: 'the caller cancelled before the driver ran' }
  const continued = continuedBy(call, target, components)
  if (continued !== undefined && 'refused' in continued) return continued
  const stop = new AbortController()
  const cancelTimer = components.clock.after(limit, () => stop.abort())
  const cancel = () => stop.abort()
  call.signal?.addEventListener('abort', cancel, { once: true })
  const notes = noteSink(call, components.detectors)
  try {
    const answer = await target.driver.invoke({
      args: argumentsOf(call, call.input.value),
      callId: call.callId,
      principal: call.caller.principal,
      signal: stop.signal,
      accepts: call.accepts,
      ...(continued === undefined ? {} : { continued }),
      note: notes?.say ?? (() => {}),
    })
    if (answer.kind === 'input_required') return waitFor(answer, call, target, components)
    return { call, raw: rawOf(answer), ...(notes === undefined ? {} : { said: notes.said() }) }
  } catch (error) {
    return refusalOf(error, target, stop.signal.aborted)
  } finally {
    cancelTimer()
    call.signal?.removeEventListener('abort', cancel)
  }
}

function continuedBy(
  call: Begun,
  target: LocalTarget,
  { continuations }: DriverComponents,
): NonNullable<DriverCall['continued']> | Refusal | undefined {
  if (call.continues === undefined) return undefined
  const { arguments: args, responses } = call.input.value as ContinuationArguments
  const left = continuations.take(call.continues, waitingCall(call, target, args))
  if (left !== undefined) return { responses, state: left.state }
  return { refused: 'not_found', reason: `call ${call.continues} does not wait for answers of this caller, for this` }
}

function waitingCall(call: Begun, target: LocalTarget, args: unknown): WaitingCall {
  const { callId, caller, delegation, input } = call
  return { callId, caller, target, args, labels: input.labels, ...(delegation === undefined ? {} : { delegation }) }
}

/** The call ends with what it asks for; another one brings the answers. */
function waitFor(
  answer: Extract<DriverAnswer, { kind: 'input_required' }>,
  call: Begun,
  target: LocalTarget,
  { continuations }: DriverComponents,
): Answered | Refusal {
  const beyond = beyondAccepted(answer.requests, call)
  const args = argumentsOf(call, call.input.value)
  const refused =
    beyond !== undefined
      ? {
          refused: 'unsupported' as const,
          reason: `the capability asks for ${beyond}, which the caller does not accept`,
        }
      : busy(continuations.keep(waitingCall(call, target, args), answer))
  if (refused === undefined) return { call, raw: { kind: 'input_required', bytes: jsonBytes(answer.requests) } }
  answer.abandon?.()
  return { ...refused, ...(target.safety === 'READ' ? {} : { unknown: true }) }
}

function busy(reason: string | undefined): Pick<Refusal, 'refused' | 'reason'> | undefined {
  return reason === undefined ? undefined : { refused: 'busy', reason }
}

/** @returns the first method of the requests that the caller has not said it can answer. */
export function beyondAccepted(requests: InputRequests, { accepts }: Pick<Begun, 'accepts'>): string | undefined {
  return Object.values(requests).find(({ method }) => !accepts.includes(method))?.method
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

function rawOf(answer: Exclude<DriverAnswer, { kind: 'input_required' }>): Answered['raw'] {
  if (answer.kind === 'data') {
    const { value, isPayload } = answer
    return { kind: 'data', bytes: jsonBytes(value), ...(isPayload === true ? { value } : {}) }
  }
  if (answer.kind === 'text') return { kind: 'text', bytes: jsonBytes(answer.text.toWellFormed()) }
  const { content, isError } = answer
  return { kind: 'content', bytes: jsonBytes({ content, ...(isError === true ? { isError } : {}) }) }
}

function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value) ?? 'null', 'utf8')
}

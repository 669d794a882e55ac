/**
 * Calls that this kernel's own principals make. One call is one run of the pipeline; a call to a peer that certainly did
 * nothing, that only reads, or that carries an idempotency key, is run again as a new call when the peer could not be
 * reached, as long as the budget of the peer for repetitions lasts.
 */
import type { RetryBudget } from '@hansa/mesh'
import type { Clock, Did, EventLogger, Frame, InvokeOptions } from '@hansa/protocols'
import { randomId } from '@hansa/trust'
import type { Appended, Ledger } from '@hansa/trust/ledger'
import type { AckOutbox } from '../exchange/ack-outbox.ts'
import type { PromiseBook } from '../exchange/promise-book.ts'
import { hearing } from '../routing/hearing.ts'
import { type Attempt, routedInvoke } from '../routing/routed-invoke.ts'
import type { Router } from '../routing/router.ts'
import type { CallIds } from './call-ids.ts'
import { answerOf } from './frame.ts'
import { asCallError } from './ledger-fault.ts'
import { arriveLocally, type LocalCallComponents } from './local-call.ts'
import { runCall, type Stages } from './pipeline.ts'
import type { Arrived, Refused, Released } from './stages.ts'
import type { TokenDesk } from './token-desk.ts'

export type Invoke = (capability: string, args: unknown, options: InvokeOptions, source?: string) => Promise<Frame>

/** What every run of the pipeline shares; only `seal` differs between our own calls and a peer's. */
export type SharedStages = Omit<Stages<never>, 'seal'>

export type InvokeComponents = Omit<LocalCallComponents, 'running'> & {
  clock: Clock
  logger: EventLogger
  ledger: Pick<Ledger, 'origin'>
  stages: SharedStages
  running: RunningCalls
  callIds: CallIds
  outbox: AckOutbox
  promises: PromiseBook
  tokens: TokenDesk
  /** Repetitions that a peer gets. */
  retries: RetryBudget
  router: Pick<Router, 'ways'>
}

/** Times that a call that is safe to repeat is sent again. */
const MAX_RETRIES = 2
/** Milliseconds within which the second repetition waits, by chance (security.md B13: full jitter). */
const RETRY_JITTER_MS = 200

/** Repetitions that are left, by what they are for. */
type Repetitions = { session: number; lost: number }

type Ended = { ended: Released | Refused; entry: Appended }

export function invoker(components: InvokeComponents): Invoke {
  return routedInvoke(attemptOver(components), components)
}

/** One provider, asked again where that is safe. */
function attemptOver(components: InvokeComponents): Attempt {
  return async (capability, args, given, source, via) => {
    const { options, heardText } = hearing(given)
    const authenticated =
      options.token === undefined ? undefined : components.tokens.authenticate(options.token, capability, source)
    let call = arriveLocally(
      capability,
      args,
      options,
      { ...components, running: (callId) => components.running.find(callId) },
      authenticated,
    )
    if (via !== undefined) call = { ...call, route: via }
    const left: Repetitions = { session: 1, lost: MAX_RETRIES }
    for (;;) {
      const { ended, entry } = await runOwn(call, components)
      const peer = servedBy(ended)
      if (peer !== undefined && left.session + left.lost === 1 + MAX_RETRIES) components.retries.called(peer)
      if (!('refused' in ended)) return answerOf(ended, entry, components.ledger.origin)
      const reason = repeatable(ended, components.clock.now())
      if (reason === undefined || left[reason] === 0 || heardText()) return ended
      if (reason === 'lost' && (peer === undefined || !components.retries.spend(peer))) return ended
      if (reason === 'lost' && left.lost < MAX_RETRIES) await jitter(components.clock)
      left[reason] -= 1
      const retryOf = call.idempotencyKey === undefined ? { retryOf: call.callId } : {}
      call = { ...call, ...retryOf, callId: randomId(), startedMs: components.clock.now() }
    }
  }
}

async function runOwn(call: Arrived, components: InvokeComponents): Promise<Ended> {
  const { stages, running, callIds } = components
  callIds.take(call.callId)
  const release = running.add(call)
  try {
    return await runCall<Ended>({ ...stages, seal: (ended, entry) => acknowledge(ended, entry, components) }, call)
  } catch (error) {
    throw asCallError(error)
  } finally {
    release()
  }
}

/** Synchronous with the appending of the entry, so acknowledgements are in the order of the log. */
function acknowledge(
  ended: Released | Refused,
  entry: Appended,
  { outbox, promises }: Pick<InvokeComponents, 'outbox' | 'promises'>,
): Ended {
  const { receipt, call } = ended
  const peer = call.target?.kind === 'imported' ? call.target.peer : undefined
  if (receipt !== undefined && receipt.recorded === undefined && peer !== undefined) {
    const { seq, tMs: atMs } = entry
    promises.expect(peer, { seq, atMs, capability: call.capability, receipt: receipt.receipt })
    const withheld = 'refused' in ended && receipt.receipt.result_c !== null
    outbox.add(peer, {
      seq,
      callId: call.callId,
      receiptHash: receipt.hash,
      withheld,
      durable: entry.durable,
    })
  }
  return { ended, entry }
}

/**
 * A peer that does not know the session has not looked at the call, so one repetition is always safe. Otherwise a key
 * makes it safe, or that all it can do is read. What the call used up, an approval or a token, it would not have a second time.
 */
function repeatable(refused: Refused, nowMs: number): keyof Repetitions | undefined {
  const { call, receipt, missing } = refused
  const remote =
    call.target?.kind === 'imported' &&
    (receipt === undefined || missing !== undefined) &&
    (refused.stage === 'driver' || refused.stage === 'begin')
  if (!remote || nowMs >= call.deadlineMs) return undefined
  if (call.approval !== undefined || call.presented !== undefined) return undefined
  if (refused.refused === 'handshake_failed') return refused.stage === 'driver' ? 'session' : undefined
  // What it goes on from is good for one call.
  if (call.continues !== undefined) return undefined
  const lost = refused.refused === 'remote_refused' || refused.refused === 'outcome_unknown'
  return lost && (call.idempotencyKey !== undefined || onlyReads(refused)) ? 'lost' : undefined
}

/** What a peer sent in the place of an answer is not better the second time; silence may be. */
function onlyReads({ call: { target }, silent }: Refused): boolean {
  return silent === true && target?.safety === 'READ' && target.idempotent
}

function servedBy({ call }: Released | Refused): Did | undefined {
  const target = (call as Refused['call']).target
  return target?.kind === 'imported' ? target.peer : undefined
}

function jitter(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.after(Math.random() * RETRY_JITTER_MS, resolve))
}

/** Calls that are on their way, for what they pass on to the calls made for them. */
export class RunningCalls {
  readonly #calls = new Map<string, Arrived>()
  readonly #waiting = new Set<{ calls: Set<string>; ended(): void }>()

  add(call: Arrived): () => void {
    this.#calls.set(call.callId, call)
    return () => {
      this.#calls.delete(call.callId)
      for (const waiting of [...this.#waiting]) {
        waiting.calls.delete(call.callId)
        if (waiting.calls.size > 0) continue
        this.#waiting.delete(waiting)
        waiting.ended()
      }
    }
  }

  /** Resolves when every call that runs now has ended, whatever has begun since. */
  async ended(): Promise<void> {
    if (this.#calls.size === 0) return
    const calls = new Set(this.#calls.keys())
    await new Promise<void>((ended) => void this.#waiting.add({ calls, ended }))
  }

  find(callId: string): Arrived | undefined {
    return this.#calls.get(callId)
  }

  get size(): number {
    return this.#calls.size
  }
}

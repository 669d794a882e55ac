/** Verifies one log or two, and puts beside the report what was asked for: one call, and what it all took. */

import type { KeyResolver } from '@hansa/trust'
import {
  type CallStory,
  CallTeller,
  type LogReport,
  type LogSource,
  localInspector,
  type PairReport,
  type Since,
  type StretchInspector,
  verifyHistory,
  verifyPair,
} from '@hansa/trust/ledger'
import { failed, usage } from '../errors.ts'
import { processorTime } from './processor-time.ts'
import { logsOfPair, timingOf, type VerifyTiming, withFrozen } from './verify-timing.ts'

export type VerifyLogsInit = {
  call?: string | undefined
  since?: Since | undefined
  inspector?: StretchInspector | undefined
  threads: number
  /** Keys of those who signed. */
  resolver: KeyResolver
  /** Bytes read so far. */
  bytes(): number
}

type Beside = { call?: CallStory; timing: VerifyTiming }
export type VerifiedLogs = { kind: 'log'; report: LogReport & Beside } | { kind: 'pair'; report: PairReport & Beside }

const stopwatch = () => performance.now()

export async function verifyLogs(sources: readonly LogSource[], init: VerifyLogsInit): Promise<VerifiedLogs> {
  const [a, b] = sources
  if (a === undefined) throw new RangeError('no log to verify')
  const started = stopwatch()
  const teller = init.call === undefined ? undefined : new CallTeller(init.call as CallStory['callId'])
  // The work of this thread between stretches is too short for the clock of the processor.
  const { resolver } = init
  const inspector = init.inspector ?? localInspector({ resolver, stopwatch: processorTime })
  const common = { stopwatch, inspector, resolver }
  const beside = (logs: LogReport[]): Beside => {
    const { threads, bytes } = init
    const timing = timingOf(logs, { elapsedMs: stopwatch() - started, threads, bytes: bytes() })
    return { ...storyOf(teller, init.call), timing }
  }
  if (b === undefined) {
    const since = init.since === undefined ? {} : { since: init.since }
    const visit = teller === undefined ? {} : { visit: teller.visit.bind(teller, 'a') }
    const report = await verifyHistory(a.disk, { ...a, ...common, ...since, ...visit })
    return { kind: 'log', report: { ...report, ...beside(withFrozen(report)) } }
  }
  const visit = teller === undefined ? {} : { visit: teller.visit.bind(teller) }
  const report = await verifyPair(a, b, { ...common, ...sinceOfPair(init.since), ...visit })
  return { kind: 'pair', report: { ...report, ...beside(logsOfPair(report)) } }
}

function storyOf(teller: CallTeller | undefined, callId: string | undefined): { call?: CallStory } {
  const call = teller?.story()
  if (call !== undefined) return { call }
  if (callId === undefined) return {}
  throw failed(
    `No entry is about call ${callId}. Its id is what the agent was given; hansa audit show lists the calls in a log.`,
  )
}

function sinceOfPair(since: Since | undefined): { since?: { tMs: number } } {
  if (since === undefined) return {}
  if ('tMs' in since) return { since }
  throw usage('Two logs have their own numbers: give a time to --since.')
}

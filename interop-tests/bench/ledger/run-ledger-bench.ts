/**
 * The part of the benchmark that is about the shared ledger: the countersigned call with and without batch signatures
 * beside its two floors, what it costs to hold a result back, and the log of one kernel beside raw group commit.
 */
import type { BenchOptions } from '../bench-options.ts'
import { type BenchPlan, callsTakeMs, fullPlan, quickPlan, RATIO_IN_FLIGHT } from '../bench-plan.ts'
import { signedExchange } from '../floors/signed-exchange.ts'
import { batchedCall, singleCall, withheldCall } from '../governed/delegated-call.ts'
import { median } from '../measure/percentile.ts'
import { type ScratchDirectory, scratchDirectory } from '../measure/scratch-directory.ts'
import { measureCalls } from '../measure-calls.ts'
import type { Operation } from '../micro/operation.ts'
import type { CallRow, OperationRow } from '../report/bench-report.ts'
import { describeMachine, type Machine } from '../report/machine.ts'
import { ProgressLine } from '../report/progress-line.ts'
import { ledgerOperations, loadedAppend, rawFloor } from './ledger-operations.ts'

export type LedgerBenchReport = {
  machine: Machine
  rows: (CallRow | OperationRow)[]
  ratios: {
    /** Entries per second of the ledger over those of raw group commit, at 128 writers, in the same run. */
    durableAppendToRawGroupCommit: number
    /** Calls per second with batch signatures over those with one signature for each statement, at 32 in flight. */
    delegatedBatchedToSingle: number
  }
  targets: {
    durableAppendPerSecond: number
    durableAppendP99Us: number
    delegatedBatchedToSingle: number
    proofP50Us: number
    /** Entries for framing, chain and tree, in one thread. */
    verifyChainedPerSecond: number
  }
}

export const LEDGER_TARGETS: LedgerBenchReport['targets'] = {
  durableAppendPerSecond: 50_000,
  durableAppendP99Us: 10_000,
  delegatedBatchedToSingle: 1.7,
  proofP50Us: 1_000,
  verifyChainedPerSecond: 100_000,
}

const contenders = [signedExchange('single'), signedExchange('batched'), singleCall, batchedCall, withheldCall]

export async function runLedgerBench({ quick }: Pick<BenchOptions, 'quick'>): Promise<LedgerBenchReport> {
  const plan: BenchPlan = { ...(quick ? quickPlan : fullPlan), inFlight: [1, RATIO_IN_FLIGHT] }
  const operationsMs = ledgerOperations.length * plan.rounds * plan.operationMs * 1.5
  const progress = new ProgressLine(callsTakeMs(plan, contenders.length) + operationsMs)
  await using scratch = await scratchDirectory()
  // First, while no other process of the run is there to share the processor with.
  const operations = await interleaved(ledgerOperations, plan, scratch, progress)
  const calls = await measureCalls(contenders, plan, scratch, progress)
  progress.end()
  return {
    machine: await describeMachine(scratch.path),
    rows: [...calls, ...operations],
    ratios: {
      durableAppendToRawGroupCommit: perSecond(operations, loadedAppend.name) / perSecond(operations, rawFloor.name),
      delegatedBatchedToSingle: callsPerSecond(calls, batchedCall.name) / callsPerSecond(calls, singleCall.name),
    },
    targets: LEDGER_TARGETS,
  }
}

/** Each operation has its turn in every round, and its figures are medians, so that a slow while slows all or none. */
async function interleaved(
  operations: readonly Operation[],
  plan: BenchPlan,
  scratch: ScratchDirectory,
  progress: ProgressLine,
): Promise<OperationRow[]> {
  const samples = new Map<string, OperationRow[]>()
  for (let round = 1; round <= plan.rounds; round++) {
    const step = `the log of one kernel, round ${round} of ${plan.rounds}`
    progress.show(step)
    for (const [at, operation] of operations.entries()) {
      const { name } = operation
      progress.show(step, name)
      const directory = await scratch.make(`ledger-${round}-${at}`)
      samples.set(name, [...(samples.get(name) ?? []), await operation.run(plan.operationMs, directory)])
    }
  }
  return [...samples].map(([name, rows]) => ({
    name,
    perSecond: median(rows.map((row) => row.perSecond)),
    p50Us: median(rows.map((row) => row.p50Us)),
    p99Us: median(rows.map((row) => row.p99Us)),
  }))
}

function perSecond(rows: readonly OperationRow[], name: string): number {
  return found(rows.find((row) => row.name === name)).perSecond
}

function callsPerSecond(rows: readonly CallRow[], name: string): number {
  return found(rows.find((row) => row.name === name && row.inFlight === RATIO_IN_FLIGHT)).callsPerSecond
}

function found<T>(row: T | undefined): T {
  if (row === undefined) throw new Error('a row was not measured')
  return row
}

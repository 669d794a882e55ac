/** The part of the benchmark that is about trust: what a decision costs, and what attacks on the score gain. */
import type { BenchOptions } from '../bench-options.ts'
import { fullPlan, quickPlan } from '../bench-plan.ts'
import { scratchDirectory } from '../measure/scratch-directory.ts'
import type { OperationRow } from '../report/bench-report.ts'
import { describeMachine, type Machine } from '../report/machine.ts'
import { ProgressLine } from '../report/progress-line.ts'
import { acrossProcesses } from './across-processes.ts'
import { type TrustAttack, trustAttacks } from './trust-attacks.ts'
import { trustOperations } from './trust-operations.ts'

export type TrustBenchReport = { machine: Machine; rows: OperationRow[]; attacks: TrustAttack[] }

/** What the largest ring of the attacks takes, about. */
const ATTACKS_MS = 8_000
const QUICK_RINGS = [10, 1_000]
/** Times of each, and about what they take with the start of two nodes. */
const FULL_ACROSS = { handshakes: 200, revocations: 50 }
const QUICK_ACROSS = { handshakes: 5, revocations: 3 }
const ACROSS_MS = 15_000

export async function runTrustBench({ quick }: Pick<BenchOptions, 'quick'>): Promise<TrustBenchReport> {
  const { operationMs } = quick ? quickPlan : fullPlan
  const progress = new ProgressLine(
    trustOperations.length * operationMs * 1.5 + (quick ? 4_000 : ATTACKS_MS + ACROSS_MS),
  )
  await using scratch = await scratchDirectory()
  const rows: OperationRow[] = []
  progress.show('what a decision about a kernel costs')
  for (const [at, operation] of trustOperations.entries()) {
    progress.show('what a decision about a kernel costs', operation.name)
    rows.push(await operation.run(operationMs, await scratch.make(`trust-${at}`)))
  }
  progress.show('what takes two processes')
  rows.push(
    ...(await acrossProcesses({
      ...(quick ? QUICK_ACROSS : FULL_ACROSS),
      progress: (name) => progress.show('what takes two processes', name),
    })),
  )
  progress.show('what attacks on the score gain')
  const attacks = trustAttacks({
    ...(quick ? { rings: QUICK_RINGS } : {}),
    progress: (name) => progress.show('what attacks on the score gain', name),
  })
  progress.end()
  return { machine: await describeMachine(scratch.path), rows, attacks }
}

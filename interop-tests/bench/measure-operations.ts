import type { BenchPlan } from './bench-plan.ts'
import { ledgerOperations } from './ledger/ledger-operations.ts'
import type { ScratchDirectory } from './measure/scratch-directory.ts'
import { policyOperations } from './micro/policy-operations.ts'
import { signatureOperations } from './micro/signature-operations.ts'
import { tokenOperations } from './micro/token-operations.ts'
import type { OperationRow } from './report/bench-report.ts'
import type { ProgressLine } from './report/progress-line.ts'

export const operations = [...policyOperations, ...tokenOperations, ...signatureOperations, ...ledgerOperations]

export async function measureOperations(
  plan: BenchPlan,
  scratch: ScratchDirectory,
  progress: ProgressLine,
): Promise<OperationRow[]> {
  const rows: OperationRow[] = []
  progress.show('operations, one process')
  for (const [at, operation] of operations.entries()) {
    progress.show('operations, one process', operation.name)
    rows.push(await operation.run(plan.operationMs, await scratch.make(`operation-${at}`)))
  }
  return rows
}

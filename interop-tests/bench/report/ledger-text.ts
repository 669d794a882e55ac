import * as colours from 'yoctocolors'
import { logVerifyChained } from '../ledger/log-verify.ts'
import { proofBuild } from '../ledger/proof-build.ts'
import type { LedgerBenchReport } from '../ledger/run-ledger-bench.ts'
import { alignedTable, figure } from './aligned-table.ts'
import type { CallRow, OperationRow } from './bench-report.ts'
import { callTable, machineLine, operationTable, plainStyle, type Style } from './report-text.ts'

/** The report of the ledger for people. @param coloured for a terminal. */
export function ledgerText(report: LedgerBenchReport, coloured: boolean): string {
  const style = coloured ? colours : plainStyle
  const calls = report.rows.filter((row): row is CallRow => 'inFlight' in row)
  const operations = report.rows.filter((row): row is OperationRow => !('inFlight' in row))
  const sections = [
    [...callTable(calls, style), style.dim('CPU is of both processes together.')],
    operationTable(operations, style),
    ratioLines(report, operations, style),
    [style.dim(machineLine(report.machine))],
  ]
  return sections.map((lines) => lines.join('\n')).join('\n\n')
}

function ratioLines(report: LedgerBenchReport, operations: readonly OperationRow[], style: Style): string[] {
  const { ratios, targets } = report
  const append = operations.find(({ name }) => name.startsWith('audit append, durable, 128'))
  const verdict = (met: boolean) => (met ? style.green('met') : style.red('missed'))
  const batched = ratios.delegatedBatchedToSingle
  const lines = [
    [
      'delegated call / delegated call, single, at 32',
      batched.toFixed(2),
      `target >= ${targets.delegatedBatchedToSingle}: ${verdict(batched >= targets.delegatedBatchedToSingle)}`,
    ],
    ['audit append / raw group commit, 128 writers', ratios.durableAppendToRawGroupCommit.toFixed(2), ''],
  ]
  if (append !== undefined) {
    const fast = append.perSecond >= targets.durableAppendPerSecond
    const soon = append.p99Us <= targets.durableAppendP99Us
    lines.push(
      [
        'audit append, 128 writers, per s',
        figure(append.perSecond),
        `target >= ${figure(targets.durableAppendPerSecond)}: ${verdict(fast)}`,
      ],
      [
        'audit append, 128 writers, p99 µs',
        figure(append.p99Us),
        `target <= ${figure(targets.durableAppendP99Us)}: ${verdict(soon)}`,
      ],
    )
  }
  const proof = operations.find(({ name }) => name === proofBuild.name)
  if (proof !== undefined) {
    const soon = proof.p50Us <= targets.proofP50Us
    const target = `target <= ${figure(targets.proofP50Us)}: ${verdict(soon)}`
    lines.push([`${proof.name}, p50 µs`, figure(proof.p50Us), target])
  }
  const chained = operations.find(({ name }) => name === logVerifyChained.name)
  if (chained !== undefined) {
    const fast = chained.perSecond >= targets.verifyChainedPerSecond
    const target = `target >= ${figure(targets.verifyChainedPerSecond)}: ${verdict(fast)}`
    lines.push([`${chained.name}, per s`, figure(chained.perSecond), target])
  }
  return [style.bold('against the targets'), ...alignedTable(lines)]
}

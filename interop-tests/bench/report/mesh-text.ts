import * as colours from 'yoctocolors'
import type { MeshBenchReport } from '../mesh/run-mesh-bench.ts'
import { alignedTable, figure } from './aligned-table.ts'
import type { CallRow, OperationRow } from './bench-report.ts'
import { callTable, machineLine, operationTable, plainStyle, type Style } from './report-text.ts'

/** The report of the mesh for people. @param coloured for a terminal. */
export function meshText(report: MeshBenchReport, coloured: boolean): string {
  const style = coloured ? colours : plainStyle
  const calls = report.rows.filter((row): row is CallRow => 'inFlight' in row)
  const operations = report.rows.filter((row): row is OperationRow => !('inFlight' in row))
  const bytes = Object.entries(report.bytes).map(([what, count]) => `${what}: ${figure(count)} bytes both ways`)
  const sections = [
    [...callTable(calls, style), style.dim('CPU is of both processes together.')],
    operationTable(operations, style),
    [`${report.nodeMiB} MiB resident per node; ${bytes.join(', ')}; ${report.failures} registrations failed.`],
    ratioLines(report, calls, operations, style),
    [style.dim(machineLine(report.machine))],
  ]
  return sections.map((lines) => lines.join('\n')).join('\n\n')
}

function ratioLines(
  { ratios, targets }: MeshBenchReport,
  calls: readonly CallRow[],
  operations: readonly OperationRow[],
  style: Style,
): string[] {
  const verdict = (met: boolean) => (met ? style.green('met') : style.red('missed'))
  const session = ratios.delegatedSessionToSignedExchange
  const least = targets.delegatedSessionToSignedExchange
  const lines = [
    [
      'delegated call / signed exchange, batched, at 32',
      session.toFixed(2),
      `target >= ${least}: ${verdict(session >= least)}`,
    ],
    ['delegated call / delegated call, by POST, at 32', ratios.sessionToPost.toFixed(2), ''],
  ]
  const at128 = (wanted: string) =>
    calls.find(({ name, inFlight }) => name === wanted && inFlight === 128)?.callsPerSecond
  const [done, floor] = [at128('delegated call'), at128('signed exchange, batched')]
  if (done !== undefined && floor !== undefined) {
    const { callsPerSecondAt128: wanted, whereExchangeDoes } = targets
    const applies = floor >= whereExchangeDoes
    const says = applies ? verdict(done >= wanted) : style.dim(`says nothing here, it does ${figure(floor)}`)
    const target = `target >= ${figure(wanted)} where the exchange does ${figure(whereExchangeDoes)}: ${says}`
    lines.push(['delegated call, 128 in flight, per s', figure(done), target])
  }
  for (const [words, what, most] of [
    ['registered at one node', 'p99Us', targets.foundP99Us],
    ['revoked at one node', 'p99Us', targets.revokedP99Us],
    ['half of it stopped', 'p99Us', targets.recoveredUs],
    ['a cold replica', 'p99Us', targets.lateJoinUs],
  ] as const) {
    const row = operations.find(({ name }) => name.includes(words))
    if (row !== undefined)
      lines.push([
        `${row.name}, p99 ms`,
        figure(row[what] / 1000),
        `target <= ${figure(most / 1000)}: ${verdict(row[what] <= most)}`,
      ])
  }
  return [style.bold('against the targets'), ...alignedTable(lines)]
}

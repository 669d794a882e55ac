import * as colours from 'yoctocolors'
import type { TrustBenchReport } from '../trust/run-trust-bench.ts'
import { alignedTable } from './aligned-table.ts'
import { machineLine, operationTable, plainStyle } from './report-text.ts'

/** The report about trust for people. @param coloured for a terminal. */
export function trustText({ machine, rows, attacks }: TrustBenchReport, coloured: boolean): string {
  const style = coloured ? colours : plainStyle
  const heads = ['points gained by', 'at the price of', 'trust score', 'plain average', 'EigenTrust']
  const lines = attacks.map(({ name, cost, gain, plainAverageGain, eigenTrustGain }) => [
    name,
    cost,
    ...[gain, plainAverageGain, eigenTrustGain].map(String),
  ])
  const [head = '', ...rest] = alignedTable([heads, ...lines])
  const sections = [operationTable(rows, style), [style.bold(head), ...rest], [style.dim(machineLine(machine))]]
  return sections.map((part) => part.join('\n')).join('\n\n')
}

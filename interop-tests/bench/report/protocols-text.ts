import * as colours from 'yoctocolors'
import type { ProtocolsBenchReport } from '../protocols/run-protocols-bench.ts'
import { alignedTable, figure } from './aligned-table.ts'
import { machineLine, plainStyle } from './report-text.ts'

/** What kernels add to calls of other protocols, for people. @param coloured for a terminal. */
export function protocolsText({ rows, machine }: ProtocolsBenchReport, coloured: boolean): string {
  const style = coloured ? colours : plainStyle
  const heads = ['one text over', 'in flight', 'calls/s', 'p50 ms', 'CPU µs/call', 'added p50 ms', 'added CPU µs']
  const lines = rows.map(({ protocol, through, inFlight, callsPerSecond, p50Ms, cpuUsPerCall, added }) => [
    `${protocol.toUpperCase()}, ${through}`,
    ...[inFlight, Math.round(callsPerSecond)].map(String),
    ...[p50Ms, cpuUsPerCall].map(figure),
    ...(through === 'the SDK alone' ? ['', ''] : [added.p50Ms, added.cpuUsPerCall].map(figure)),
  ])
  const [head = '', ...rest] = alignedTable([heads, ...lines])
  const about = 'Median of the rounds, in turns; CPU is of the processes that serve, the client is the official one.'
  return [[style.bold(head), ...rest].join('\n'), style.dim(`${about}\n${machineLine(machine)}`)].join('\n\n')
}

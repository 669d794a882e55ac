import * as colours from 'yoctocolors'
import { alignedTable, figure } from './aligned-table.ts'
import type { BenchReport } from './bench-report.ts'
import type { Machine } from './machine.ts'

export type Style = Pick<typeof colours, 'bold' | 'dim' | 'green' | 'red'>

const same = (text: string | number) => String(text)
export const plainStyle: Style = { bold: same, dim: same, green: same, red: same }

/** The report for people. @param coloured for a terminal. */
export function reportText(report: BenchReport, coloured: boolean): string {
  const style = coloured ? colours : plainStyle
  const sections = [
    measuredCalls(report, style),
    ratioLines(report, style),
    operationTable(report.operations, style),
    startupTable(report, style),
    [style.dim(machineLine(report.machine))],
  ]
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

function measuredCalls({ rows, rounds, roundMs }: BenchReport, style: Style): string[] {
  const what = `Median of ${rounds} interleaved rounds of ${roundMs / 1000} s; CPU is of both processes together.`
  return [...callTable(rows, style), style.dim(what)]
}

export function callTable(rows: BenchReport['rows'], { bold }: Style): string[] {
  const head = ['calls', 'in flight', 'calls/s', 'p50 ms', 'p99 ms', 'CPU µs/call']
  const [titles = '', ...lines] = alignedTable([
    head,
    ...rows.map((row) => [
      row.name,
      String(row.inFlight),
      figure(row.callsPerSecond),
      figure(row.p50Ms),
      figure(row.p99Ms),
      figure(row.cpuUsPerCall),
    ]),
  ])
  return [bold(titles), ...spaced(lines, rows)]
}

/** An empty line wherever the number in flight changes. */
function spaced(lines: readonly string[], rows: BenchReport['rows']): string[] {
  return lines.flatMap((line, at) => (at > 0 && rows[at]?.inFlight !== rows[at - 1]?.inFlight ? ['', line] : [line]))
}

function ratioLines({ ratios, ratiosAtInFlight, targets }: BenchReport, { bold, green, red }: Style): string[] {
  if (ratios === undefined) return []
  const target = targets.delegatedToSignedExchange
  const met = ratios.delegatedToSignedExchange >= target
  const verdict = `target >= ${target}: ${met ? green('met') : red('missed')}`
  const of = (name: string, ratio: number) => ['delegated call /', name, ratio.toFixed(2)]
  const [batched = '', ...others] = alignedTable([
    of('signed exchange, batched', ratios.delegatedToSignedExchange),
    of('signed exchange, single', ratios.delegatedToSignedExchangeSingle),
    of('http echo', ratios.delegatedToHttpEcho),
    of('delegated call, single', ratios.delegatedBatchedToSingle),
  ])
  return [bold(`calls/s at ${ratiosAtInFlight} in flight`), `${batched}   ${verdict}`, ...others]
}

export function operationTable(operations: BenchReport['operations'], { bold }: Style): string[] {
  if (operations.length === 0) return []
  const [titles = '', ...lines] = alignedTable([
    ['operations, one process', 'per s', 'p50 µs', 'p99 µs'],
    ...operations.map((row) => [row.name, figure(row.perSecond), figure(row.p50Us), figure(row.p99Us)]),
  ])
  return [bold(titles), ...lines]
}

function startupTable({ startup, targets }: BenchReport, { bold, green, red }: Style): string[] {
  if (startup.length === 0) return []
  const [titles = '', ...lines] = alignedTable([
    ['start to listening', 'entries in log', 'ms', 'slowest ms', 'resident MiB', 'peak MiB'],
    ...startup.map((row) => [
      row.name,
      figure(row.entries),
      figure(row.medianMs),
      figure(row.slowestMs),
      figure(row.residentMiB),
      figure(row.peakMiB),
    ]),
  ])
  const verdicts = startup.map(({ medianMs }) => (medianMs < targets.startupMs ? green('met') : red('missed')))
  return [bold(titles), ...lines.map((line, at) => `${line}   target < ${targets.startupMs}: ${verdicts[at]}`)]
}

export function machineLine({ cores, cpu, node, platform, filesystem }: Machine): string {
  return `${cores} cores (${cpu}), node ${node} on ${platform}, logs on ${filesystem}. Compare ratios, not machines.`
}

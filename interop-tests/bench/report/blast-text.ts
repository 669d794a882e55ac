import * as colours from 'yoctocolors'
import type { BlastBenchReport, Latency, Phases } from '../blast/run-blast-bench.ts'
import { alignedTable, figure } from './aligned-table.ts'
import { machineLine, plainStyle } from './report-text.ts'

/** The report of the blast radius for people. @param coloured for a terminal. */
export function blastText(report: BlastBenchReport, coloured: boolean): string {
  const style = coloured ? colours : plainStyle
  const { rows, calls, hubMiB, hubIdle, hubCpuUsPerCall, cutOff, outcomes, apart, targets, machine } = report
  const verdict = (ratio: number) => (ratio <= targets.ratio ? style.green('met') : style.red('missed'))
  const shown = ({ p50Ms, p99Ms, failed }: Latency) => [figure(p50Ms), figure(p99Ms), String(failed)]
  const heads = [
    'ms',
    ...['before', 'beside', 'between'].flatMap((when) => [`${when} p50`, 'p99', 'failed']),
    'beside / between',
    'to the control',
    'target',
  ]
  const lines = rows.map(({ name, before, beside, between, ratio, toControl }, at) => [
    name,
    ...[before, beside, between].flatMap(shown),
    ratio.toFixed(2),
    toControl.toFixed(2),
    at === rows.length - 1 ? 'the control' : ` <= ${targets.ratio}: ${verdict(ratio)}`,
  ])
  const [head = '', ...rest] = alignedTable([heads, ...lines])
  const done = Object.entries(outcomes).map(([what, counts]) => {
    const each = Object.entries(counts).sort(([, a], [, b]) => b - a)
    return `${what}: ${each.map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`
  })
  const sections = [
    [style.bold(head), ...rest],
    [
      `${calls} calls of each kind in each phase`,
      apart
        ? 'bad peers had a processor of their own, and the others the rest'
        : 'bad peers shared the processors with the others: there is one only, or no taskset',
      `hub, resident MiB: ${phases(hubMiB, String)}`,
      `hub, processors while nothing is measured: ${phases(hubIdle, (part) => part.toFixed(3))}`,
      `hub, CPU µs for each call of all rows: ${phases(hubCpuUsPerCall, figure)}`,
    ],
    [style.bold('cut off'), ...cutOff.map(({ alias, state, reason }) => `${alias}, ${state}: ${reason}`)],
    [style.bold('what bad peers did, and what came of it'), ...done],
    [style.dim(machineLine(machine))],
  ]
  return sections.map((part) => part.join('\n')).join('\n\n')
}

function phases({ before, beside, between }: Phases, shown: (value: number) => string): string {
  return `${shown(before)} before, ${shown(beside)} beside, ${shown(between)} in between`
}

import * as colours from 'yoctocolors'
import type { BlastBenchReport, Latency } from '../blast/run-blast-bench.ts'
import { alignedTable, figure } from './aligned-table.ts'
import { machineLine, plainStyle } from './report-text.ts'

/** The report of the blast radius for people. @param coloured for a terminal. */
export function blastText(report: BlastBenchReport, coloured: boolean): string {
  const style = coloured ? colours : plainStyle
  const { rows, hubMiB, cutOff, outcomes, targets, machine } = report
  const verdict = (ratio: number) => (ratio <= targets.ratio ? style.green('met') : style.red('missed'))
  const shown = ({ p50Ms, p99Ms, failed }: Latency) => [figure(p50Ms), figure(p99Ms), String(failed)]
  const heads = [
    'ms',
    ...['before', 'beside', 'after'].flatMap((when) => [`${when} p50`, 'p99', 'failed']),
    'p99 beside / before',
  ]
  const lines = rows.map(({ name, before, beside, after, ratio }) => [
    name,
    ...[before, beside, after].flatMap(shown),
    `${ratio.toFixed(2)}   target <= ${targets.ratio}: ${verdict(ratio)}`,
  ])
  const [head = '', ...rest] = alignedTable([heads, ...lines])
  const done = Object.entries(outcomes).map(([what, counts]) => {
    const each = Object.entries(counts).sort(([, a], [, b]) => b - a)
    return `${what}: ${each.map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`
  })
  const sections = [
    [style.bold(head), ...rest],
    [`hub resident, MiB: ${hubMiB.before} before, ${hubMiB.beside} beside, ${hubMiB.after} after`],
    [style.bold('cut off'), ...cutOff.map(({ alias, state, reason }) => `${alias}, ${state}: ${reason}`)],
    [style.bold('what bad peers did, and what came of it'), ...done],
    [style.dim(machineLine(machine))],
  ]
  return sections.map((part) => part.join('\n')).join('\n\n')
}

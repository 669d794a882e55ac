/** What is told about a verified audit export. */
import type { ExportPairReport, ExportReport } from '@hansa/trust/ledger'
import type { Style } from './print.ts'
import { counted, facts } from './table.ts'

export function exportText(style: Style, report: ExportReport): string {
  const { verdict, kernel, peer, origin, checkpoint, entries, evidence, calls, fromMs, throughMs } = report
  const head = facts(style, [
    ['verdict', verdict === 'clean' ? style.good(verdict) : style.bad(verdict)],
    ['export of', kernel],
    ['for', peer],
    ['log', origin],
    ['checkpoint', checkpoint && `${counted(checkpoint.size, 'entry', 'entries')}, root ${checkpoint.root}`],
    ['entries', `${entries} under the checkpoint, about ${counted(calls, 'call')}`],
    ['evidence', `${counted(evidence, 'signature')} of other kernels verified`],
    ['time', throughMs === undefined ? undefined : `${iso(fromMs)} to ${iso(throughMs)}`],
  ])
  const faults = report.faults.map(({ code, line, text }) => `  ${style.bad(code)} line ${line}: ${text}`)
  const more = report.faultCount - report.faults.length
  const rest = more > 0 ? [`  and ${more} more`] : []
  return [
    head,
    ...section('Violations', [...faults, ...rest]),
    ...section(
      'Not checked',
      report.unchecked.map((text) => `  ${text}`),
    ),
  ].join('\n')
}

export function exportPairText(style: Style, report: ExportPairReport): string {
  const { verdict, calls, findings, own } = report
  const outcomes = Object.entries(calls).map(([outcome, count]) => `${count} ${outcome.replaceAll('_', ' ')}`)
  const paint = verdict === 'consistent' ? style.good : verdict === 'violation' ? style.bad : style.warn
  const head = facts(style, [
    ['pair', paint(verdict)],
    ['calls', outcomes.length === 0 ? 'none between the two in this time' : outcomes.join(', ')],
    ['own log', `${own.verdict}, ${counted(own.size, 'entry', 'entries')}`],
  ])
  const lines = findings.map(({ severity, code, callId, text }) => {
    const mark = severity === 'violation' ? style.bad : style.warn
    return `  ${mark(code)}: ${text}${callId === undefined ? '' : ` (call ${callId})`}`
  })
  return [
    head,
    ...section('Findings', lines),
    ...section(
      'Not checked',
      report.unchecked.map((text) => `  ${text}`),
    ),
    '',
    exportText(style, { ...report.exported, unchecked: [] }),
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines]
}

function iso(ms: number | undefined): string {
  return new Date(ms ?? 0).toISOString()
}

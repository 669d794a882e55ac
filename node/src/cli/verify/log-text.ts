/** The reports of the verifier as text. */
import type { LogReport, PairReport } from '@hansa/trust/ledger'
import type { Style } from '../print.ts'
import { counted, facts, time } from '../table.ts'

/** A log with those that were frozen before it. */
export function logText(style: Style, report: LogReport): string {
  const frozen = (report.frozen ?? []).map((one) => `\n${style.bold('Frozen before it')}\n${oneLogText(style, one)}`)
  return [oneLogText(style, report), ...frozen].join('\n')
}

export function pairText(style: Style, report: PairReport): string {
  const outcomes = Object.entries(report.calls).map(([outcome, count]) => `${count} ${outcome.replaceAll('_', ' ')}`)
  const more = report.findingCount - report.findings.length
  const head = facts(style, [
    ['pair', verdictText(style, report.verdict)],
    ['calls', outcomes.length === 0 ? 'none between the two' : outcomes.join(', ')],
  ])
  return [
    head,
    ...section('Findings', [...findingLines(style, report.findings), ...(more > 0 ? [`  and ${more} more`] : [])]),
    ...section('Not checked', indented(report.unchecked)),
    '',
    style.bold(`a  ${report.a.did ?? ''}`),
    logText(style, report.a.log),
    '',
    style.bold(`b  ${report.b.did ?? ''}`),
    logText(style, report.b.log),
  ].join('\n')
}

export function findingLines(style: Style, findings: PairReport['findings']): string[] {
  return findings.map(({ severity, code, callId, blamed, verdict, withoutProof, entries, text }) => {
    const paint = severity === 'violation' ? style.bad : style.warn
    const where = entries.map(({ side, seq }) => `${side}:${seq}`).join(', ')
    const about = [
      callId === undefined ? undefined : `call ${callId}`,
      blamed === undefined ? undefined : `${verdict}: ${blamed}`,
      withoutProof === undefined ? undefined : `without proof: ${withoutProof}`,
      where === '' ? undefined : `entries ${where}`,
    ].filter((part) => part !== undefined)
    return `  ${paint(code)}: ${text}${about.length === 0 ? '' : ` (${about.join('; ')})`}`
  })
}

export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines]
}

function oneLogText(style: Style, report: LogReport): string {
  const { origin, size, root, checkpoint, checkpoints, evidence, calls } = report
  const head = facts(style, [
    ['verdict', verdictText(style, report.verdict)],
    ['directory', report.label],
    ['log', origin],
    ['entries', String(size)],
    ['root', root],
    [
      'checkpoints',
      `${checkpoints} recomputed${checkpoint === undefined ? '' : `, the last of ${counted(checkpoint.size, 'entry', 'entries')}`}`,
    ],
    ['witnesses', report.quorum && quorumText(style, report.quorum)],
    ['evidence', `${counted(evidence, 'signature')} of other kernels verified`],
    ['calls', `${calls.begun} begun, ${calls.closed} closed, ${calls.open} open`],
  ])
  const faults = report.faults.map(({ code, file, offset, seq, text }) => {
    const place = file === '' ? '' : ` in ${file} at byte ${offset}`
    return `  ${style.bad(code)}${seq === undefined ? '' : ` entry ${seq}`}${place}: ${text}`
  })
  const more = report.faultCount - report.faults.length
  return [
    head,
    ...section('Violations', [...faults, ...(more > 0 ? [`  and ${more} more`] : [])]),
    ...section('Incomplete', indented(report.incomplete)),
    ...section('Remarks', indented(report.remarks)),
    ...section('Not checked', indented(report.unchecked)),
  ].join('\n')
}

function quorumText(style: Style, { reached, size, cosigned }: NonNullable<LogReport['quorum']>): string {
  const named = cosigned.map(({ name, time: at }) => `${name} ${time(at)}`).join(', ') || 'none'
  const verdict = reached ? style.good('quorum') : style.warn('no quorum')
  return `${verdict} for ${counted(size, 'entry', 'entries')}: ${named}`
}

function verdictText(style: Style, verdict: string): string {
  if (verdict === 'violation') return style.bad(verdict)
  return verdict === 'incomplete' ? style.warn(verdict) : style.good(verdict)
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

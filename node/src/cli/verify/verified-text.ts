import type { Style } from '../print.ts'
import { callText } from './call-text.ts'
import { logText, pairText } from './log-text.ts'
import type { VerifiedLogs } from './verify-logs.ts'
import { timingText } from './verify-timing.ts'

export function verifiedText(style: Style, { kind, report }: VerifiedLogs): string {
  const { call, timing } = report
  const findings = kind === 'pair' ? report.findings.filter(({ callId }) => callId === call?.callId) : []
  return [
    ...(call === undefined ? [] : [callText(style, call, findings), '']),
    kind === 'pair' ? pairText(style, report) : logText(style, report),
    '',
    style.dim(timingText(timing)),
  ].join('\n')
}

import type { Style } from '../print.ts'
import { facts } from '../table.ts'
import type { ProofVerification } from './proof-verification.ts'

export function proofText(style: Style, { file, entryFile, report }: ProofVerification): string {
  const { verdict, checkpoint, index, entry, leafHash, evidence, quorum, faults, incomplete, unchecked } = report
  const paint = { clean: style.good, incomplete: style.warn, violation: style.bad }[verdict]
  const head = facts(style, [
    ['verdict', paint(verdict)],
    ['proof', file],
    ['entry', entryFile],
    ['log', checkpoint?.origin],
    ['place', place(index, checkpoint?.size)],
    ['root', checkpoint?.root],
    ['leaf', leafHash],
    ['says', entry && `${entry.type} at ${new Date(entry.t_ms).toISOString()}`],
    ['call', entry?.call_id],
    ['evidence', evidence ? `a signature of ${entry?.peer ?? 'the other side'}, verified` : undefined],
    ['witnesses', quorum && (quorum.cosigned.map(({ name }) => name).join(', ') || 'none')],
  ])
  const lines = [
    ...section(
      'Faults',
      faults.map(({ code, text }) => `${style.bad(code)}: ${text}`),
    ),
    ...section('Incomplete', incomplete),
    ...section('Not checked', unchecked),
  ]
  return [head, ...lines].join('\n')
}

function place(index: number | undefined, size: number | undefined): string | undefined {
  return index === undefined || size === undefined ? undefined : `entry ${index} of ${size} under the checkpoint`
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)]
}

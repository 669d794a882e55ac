/** A control report as Markdown: one table for each catalogue, and the entries that it leads to. */
import type { UnixMs } from '@hansa/protocols'
import type { ControlFinding, Evidence, FrameworkFindings, NamedEntry } from './control-report.ts'

export type ReportedLog = {
  origin: string
  size: number
  verdict: 'clean' | 'violation' | 'incomplete'
}

export type AuditReport = {
  kernel: string
  /** Of the entries that were counted. */
  period: { since?: UnixMs; until?: UnixMs }
  made: UnixMs
  /** The one that is written, then those frozen before it. */
  logs: readonly ReportedLog[]
  /** Entries in the period. */
  entries: number
  /** What the verification of the logs could not settle. */
  unchecked: readonly string[]
  frameworks: readonly FrameworkFindings[]
}

/** What such a report is, and is not; stands in every one. */
export const REPORT_NOTICE =
  'This report says what a signed log shows to have been enforced. It is no certification, and it does not say that a control is met: whoever assesses does.'

export function reportMarkdown(report: AuditReport): string {
  const anchors = anchorsOf(report)
  return [
    '# What the log shows of each control',
    '',
    REPORT_NOTICE,
    '',
    ...headOf(report),
    ...report.frameworks.flatMap((framework) => frameworkText(framework, anchors)),
    '## Entries',
    '',
    'The latest entries of each kind. The leaf hash finds an entry in the log; what is in it shows the command.',
    '',
    '| entry | time | type | call | capability | leaf hash | command |',
    '|---|---|---|---|---|---|---|',
    ...[...anchors.values()].map(({ anchor, entry }) => entryRow(anchor, entry, report.logs[0]?.origin)),
    '',
  ].join('\n')
}

function headOf({ kernel, period, made, logs, entries, unchecked }: AuditReport): string[] {
  const from = period.since === undefined ? 'the beginning' : time(period.since)
  const to = period.until === undefined ? time(made) : time(period.until)
  return [
    `- kernel: \`${kernel}\``,
    `- period: from ${from} to ${to}, ${entries} entries`,
    ...logs.map(({ origin, size, verdict }) => `- log: \`${cell(origin)}\`, ${size} entries, verified: **${verdict}**`),
    ...unchecked.map((one) => `- not checked: ${cell(one)}`),
    '',
  ]
}

type Anchors = ReadonlyMap<string, { anchor: string; entry: NamedEntry }>

function anchorsOf({ frameworks, logs }: AuditReport): Anchors {
  const all = frameworks.flatMap(({ controls }) => controls.flatMap(({ evidence }) => evidence))
  const named = new Map(all.flatMap(({ entries }) => entries).map((entry) => [keyOf(entry), entry]))
  const number = (origin: string) => logs.findIndex((log) => log.origin === origin) + 1
  const sorted = [...named].sort(([, a], [, b]) => a.t_ms - b.t_ms || a.seq - b.seq)
  return new Map(sorted.map(([key, entry]) => [key, { anchor: `entry-${number(entry.origin)}-${entry.seq}`, entry }]))
}

function keyOf({ origin, seq }: NamedEntry): string {
  return `${origin}#${seq}`
}

function frameworkText({ title, edition, controls }: FrameworkFindings, anchors: Anchors): string[] {
  return [
    `## ${title} (${edition})`,
    '',
    '| control | | evidence in the log | no entry shows | not in a log of calls |',
    '|---|---|---|---|---|',
    ...controls.map((control) => controlRow(control, anchors)),
    '',
  ]
}

const STATUS = { evidence: 'evidence', none: '**no evidence**', outside: 'outside' } as const

function controlRow({ id, title, status, evidence, missing, beyond = '' }: ControlFinding, anchors: Anchors): string {
  const shown = evidence.map((one) => evidenceText(one, anchors)).join('<br>')
  const cells = [`${id} ${title}`, STATUS[status], shown, missing.join('<br>'), beyond]
  return `| ${cells.map(cell).join(' | ')} |`
}

function evidenceText({ count, text, first, last, entries }: Evidence, anchors: Anchors): string {
  const links = entries.map((entry) => `[${entry.seq}](#${anchors.get(keyOf(entry))?.anchor})`).join(' ')
  const days = day(first) === day(last) ? day(first) : `${day(first)} to ${day(last)}`
  return `${count} ${text} (${days}; ${links})`
}

function entryRow(anchor: string, entry: NamedEntry, current: string | undefined): string {
  const { origin, seq, t_ms, type, call_id = '', cap = '', leafHash } = entry
  const id = `<a id="${anchor}"></a>${seq}`
  const command = origin === current ? `\`hansa audit show --from ${seq} --limit 1 --json\`` : `frozen: ${cell(origin)}`
  return `| ${[id, time(t_ms), type, call_id, cell(cap), `\`${leafHash}\``, command].join(' | ')} |`
}

/** A cell is one line, and no text of a peer makes another one. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/[\r\n]+/g, ' ')
}

function time(ms: UnixMs): string {
  return new Date(ms).toISOString()
}

function day(ms: UnixMs): string {
  return time(ms).slice(0, 10)
}

import type { Entry } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { integer } from '../options.ts'
import type { Print, Style } from '../print.ts'
import { counted, table } from '../table.ts'
import { auditContentCommand } from './audit-content.ts'
import { auditEraseCommand } from './audit-erase.ts'
import { auditEventsCommand } from './audit-events.ts'
import { auditExportCommand } from './audit-export.ts'
import { auditProofCommand } from './audit-proof.ts'
import { auditReplayCommand } from './audit-replay.ts'
import { auditReportCommand } from './audit-report.ts'
import { auditServeCommand } from './audit-serve.ts'
import { auditTilesCommand } from './audit-tiles.ts'

type Options = { from?: number; limit: number; call?: string }

export function auditCommand(cli: Cli): Command {
  return cli.group('audit', 'read the log, export it, prove it, report on it', [
    showCommand(cli),
    auditExportCommand(cli),
    auditContentCommand(cli),
    auditEraseCommand(cli),
    auditEventsCommand(cli),
    auditReplayCommand(cli),
    auditReportCommand(cli),
    auditProofCommand(cli),
    auditTilesCommand(cli),
    auditServeCommand(cli),
  ])
}

function showCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show entries of the log',
      description:
        'Shows entries of the audit log, the last ones unless told otherwise. A node that does not run is read from its directory; whether the log is what was written is for: hansa verify',
      examples: [
        'hansa audit show',
        'hansa audit show --from 0 --limit 1000 --json',
        'hansa audit show --call 2f6oYQwqv1mWm1Kc8xLh0g',
      ],
    })
    .option('--from <seq>', 'first entry; a negative number counts from the end', integer('--from', -1e12, 1e12))
    .option('--limit <n>', 'how many entries, at most 10000 (default: 50)', integer('--limit', 1, 10_000), 50)
    .option('--call <id>', 'only the entries of one call')
    .action(
      cli.action<Options>(async ({ home, print, options }) => {
        const entries = await readAudit(home, options, print)
        print.result(entries, (style) => entriesText(style, entries))
        return undefined
      }),
    )
}

async function readAudit(home: string, { from, limit, call }: Options, print: Print): Promise<Entry[]> {
  const { ask, ControlClientError } = await import('../control-client.ts')
  const params = { limit, ...(from !== undefined && { from }), ...(call !== undefined && { callId: call }) }
  try {
    return await ask(home, 'audit', params)
  } catch (error) {
    if (!(error instanceof ControlClientError) || error.detail.code !== 'node_not_running') throw error
    print.note((style) => style.dim('The node does not run; this is what its directory holds.'))
    return readDirectory(home, { limit, ...(from !== undefined && { from }), ...(call !== undefined && { call }) })
  }
}

/** The same choice of entries as a running node makes. */
async function readDirectory(home: string, { from, limit, call }: Options): Promise<Entry[]> {
  const { fileLogDisk, readEntries } = await import('@hansa/trust/ledger')
  const { callsOf } = await import('@hansa/protocols')
  const { homePaths } = await import('../../home/home-paths.ts')
  const first = from ?? (call === undefined ? -limit : 0)
  const entries: Entry[] = []
  for await (const { entry } of readEntries(fileLogDisk(homePaths(home).log), Math.max(0, first))) {
    // From the end: how many there are is known only there.
    if (first < 0 && entries.length === -first) entries.shift()
    if (first < 0 || call === undefined || callsOf(entry).includes(call)) entries.push(entry)
    if (first >= 0 && entries.length === limit) break
  }
  return entries.filter((entry) => call === undefined || callsOf(entry).includes(call)).slice(0, limit)
}

function entriesText(style: Style, entries: readonly Entry[]): string {
  if (entries.length === 0) return 'There are no such entries.'
  const rows = entries.map((entry) => [
    String(entry.seq),
    new Date(entry.t_ms).toISOString(),
    style.bold(entry.type),
    entry.cap ?? '-',
    shortDid(entry.actor ?? entry.peer ?? '-'),
    entry.call_id ?? (entry.ext?.calls === undefined ? '-' : counted(entry.ext.calls.length, 'call')),
    resultOf(style, entry),
  ])
  return table(style, ['seq', 'time', 'type', 'capability', 'who', 'call', 'result'], rows)
}

/** A DID has its entropy throughout: its end tells apart what a person sees on one screen. */
function shortDid(principal: string): string {
  return principal.replace(/^(did:\w+:).+?(\w{8})(#\w{6}|$).*$/, '$1…$2$3')
}

function resultOf(style: Style, { decision, verdicts, ext }: Entry): string {
  const screened = (verdicts ?? [])
    .filter(({ action }) => action !== 'allow')
    .map(({ rule, action }) => `${action} ${rule}`)
  const parts = [
    ext?.status === ext?.code ? undefined : ext?.status,
    ext?.code === undefined ? undefined : style.bad(ext.code),
    ext?.code === undefined && ext?.status === undefined ? decision : undefined,
    ...screened,
    ext?.reason,
    ext?.denial_id === undefined ? undefined : `denial ${ext.denial_id}`,
  ]
  return parts.filter((part) => part !== undefined).join('; ') || '-'
}

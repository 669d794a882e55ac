import { type Command, InvalidArgumentError } from 'commander'
import type { ControlFinding, FrameworkFindings } from '../../audit/report/control-report.ts'
import { frameworks } from '../../audit/report/frameworks.ts'
import { type AuditReport, REPORT_NOTICE } from '../../audit/report/report-markdown.ts'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { MOMENT_HELP, type Moment, moment } from '../moment.ts'
import type { Style } from '../print.ts'
import { counted, facts, table } from '../table.ts'

type Options = { framework?: string[]; since?: Moment; until?: Moment; out?: string }

const known = frameworks.map(({ id }) => id).join(', ')

export function auditReportCommand(cli: Cli): Command {
  return cli
    .command('report', {
      summary: 'say what the log shows of the controls of SOC 2, GDPR, HIPAA, EU AI Act and OWASP',
      description:
        'Verifies the log and counts what it shows to have been enforced, control by control, with the entries that are evidence, and says plainly where there is none. It is no certification: whoever assesses decides whether a control is met. With --out the whole report is written as Markdown. Exit code 1 when the log does not verify. Works with the node running or not.',
      examples: [
        'hansa audit report',
        'hansa audit report --framework owasp-asi --since 4w',
        'hansa audit report --since 2026-01-01 --until 2026-04-01 --out first-quarter.md',
      ],
    })
    .option('--framework <id>', `only this one: ${known}; can be repeated`, framework)
    .option('--since <time>', `only entries since then: ${MOMENT_HELP}`, moment('--since'))
    .option('--until <time>', 'only entries before then', moment('--until'))
    .option('--out <file>', 'write the whole report there, as Markdown')
    .action(
      cli.action<Options>(async ({ home, print, stderr, options }) => {
        const { makeReport } = await import('../../audit/report/make-report.ts')
        const { reportMarkdown } = await import('../../audit/report/report-markdown.ts')
        const { readableLogs } = await import('../readable-logs.ts')
        const { systemClock: clock } = await import('../../system-clock.ts')
        const { progress } = await import('../progress.ts')
        const { did, logs } = await readableLogs(home)
        const line = await progress(print, stderr, 'Verifying the log')
        const now = clock.now()
        const chosen = frameworks.filter(({ id }) => options.framework?.includes(id) ?? true)
        const period = {
          ...(options.since === undefined ? {} : { since: options.since(now) }),
          ...(options.until === undefined ? {} : { until: options.until(now) }),
        }
        const report = await makeReport({ kernel: did, logs: await logs(), frameworks: chosen, period, clock }).finally(
          () => line.stop(),
        )
        if (options.out !== undefined) {
          const { writeFile } = await import('node:fs/promises')
          await writeFile(options.out, reportMarkdown(report), { mode: 0o600 })
        }
        print.result(report, (style) => reportText(style, report, options.out))
        return report.logs.some(({ verdict }) => verdict === 'violation') ? exitCodes.failed : exitCodes.ok
      }),
    )
}

function framework(id: string, earlier: string[] = []): string[] {
  if (frameworks.some((one) => one.id === id)) return [...earlier, id]
  throw new InvalidArgumentError(`There is no ${JSON.stringify(id)}. Choose among: ${known}.`)
}

function reportText(style: Style, report: AuditReport, out: string | undefined): string {
  const head = facts(style, [
    ['kernel', report.kernel],
    ['entries', `${report.entries} in the period`],
    ...report.logs.map(({ origin, size, verdict }): [string, string] => {
      const paint = verdict === 'violation' ? style.bad : verdict === 'incomplete' ? style.warn : style.good
      return ['log', `${origin}: ${counted(size, 'entry', 'entries')}, ${paint(verdict)}`]
    }),
    ['written', out],
  ])
  const parts = report.frameworks.map((one) => frameworkText(style, one))
  return [head, ...parts, style.dim(REPORT_NOTICE)].join('\n\n')
}

function frameworkText(style: Style, { title, edition, controls }: FrameworkFindings): string {
  const rows = controls.map((control) => [control.id, statusText(style, control), clipped(control.title)])
  return `${style.bold(title)} ${style.dim(edition)}\n${table(style, ['control', 'the log shows', 'about'], rows)}`
}

function statusText(style: Style, { status, evidence }: ControlFinding): string {
  if (status === 'outside') return style.dim('not in a log of calls')
  if (status === 'none') return style.warn('no evidence')
  const entries = evidence.reduce((sum, { count }) => sum + count, 0)
  return `${counted(evidence.length, 'kind')} of evidence, ${entries}`
}

function clipped(title: string): string {
  return title.length <= 60 ? title : `${title.slice(0, 59)}…`
}

import type { LogReport, PairReport } from '@hansa/trust/ledger'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { collect, integer } from '../options.ts'
import type { Style } from '../print.ts'
import { counted, facts, time } from '../table.ts'
import type { WitnessOptions } from '../verify-witnesses.ts'

type Options = WitnessOptions & { key?: string[]; checkpoint?: string[] }

export function verifyCommand(cli: Cli): Command {
  return cli
    .command('verify', {
      summary: 'verify a log, the logs of two kernels, or an audit export',
      description:
        'Verifies a log, two logs against each other, or what hansa audit export wrote, by itself or against the own log, without a network, without a node and without changing a byte. The key comes from outside the directory; what the directory and the keys cannot settle is listed. Exit code 0 clean, 1 violation, 2 incomplete, 3 not a log or not a key.',
      examples: [
        'hansa verify',
        'hansa verify ~/.hansa/log --key @orgb.manifest',
        'hansa verify orga/log orgb/log --key @orga.manifest --key @orgb.manifest',
        'hansa verify tiles-of-orgb --key @orgb.manifest',
        'hansa verify from-orgb.hansa-audit orga --key did:key:z6Mk…',
        'hansa verify ~/.hansa/log --key @own.manifest --policy witnesses.policy',
        'hansa verify copy-of-log --key did:key:z6Mk… --checkpoint kept-last-month.txt --json',
      ],
    })
    .argument(
      '[directory]',
      'a log with those frozen before it, the home of a node, a log as tiles, or the file of an audit export (default: --home)',
    )
    .argument('[other]', 'the log of the kernel that it traded with')
    .option('--key <key>', 'log key (vkey), DID, or @FILE with either or with a manifest; can be repeated', collect)
    .option('--checkpoint <file>', 'a checkpoint of the log that was kept elsewhere; can be repeated', collect)
    .option('--policy <file>', 'witnesses of the log and their quorum, as a tlog-policy file')
    .option('--witness <vkey>', 'verifier key of a witness, instead of --policy; can be repeated', collect)
    .option(
      '--quorum <n>',
      'how many of the witnesses have to have cosigned (default: more than half)',
      integer('--quorum', 1, 64),
    )
    .action(
      cli.action<Options>(async ({ home, print, stderr, options, args: [directory = home, other] }) => {
        const { verifyHistory, verifyPair } = await import('@hansa/trust/ledger')
        const { readLogKeys } = await import('../verify-keys.ts')
        const { entryBytes, logSources } = await import('../verify-sources.ts')
        const { progress } = await import('../progress.ts')
        const directories = [directory, other].filter((one): one is string => typeof one === 'string')
        const line = await progress(print, stderr, 'Reading the log')
        try {
          let [read, all] = [0, 0]
          const keys = await readLogKeys(options.key ?? [])
          const { readWitnesses } = await import('../verify-witnesses.ts')
          const witnesses = await readWitnesses(options)
          for (const { verifier } of witnesses?.logs ?? []) keys.vkeys.set(verifier.name, { vkey: verifier.vkey })
          const [first = ''] = directories
          const { isExport, verifyExportFile } = await import('../export-verification.ts')
          if (await isExport(first)) {
            const { exportPairText, exportText } = await import('../export-text.ts')
            const verified = await verifyExportFile(first, directories[1], keys, (bytes) => {
              read += bytes
              line.show(`Verifying: ${megabytes(read)}`)
            })
            line.stop()
            print.result(verified.report, (style) =>
              verified.kind === 'alone' ? exportText(style, verified.report) : exportPairText(style, verified.report),
            )
            return verified.report.exitCode
          }
          const found = await logSources(directories, keys, options.checkpoint ?? [], (bytes) => {
            read += bytes
            line.show(`Verifying: ${megabytes(read)} of about ${megabytes(Math.max(all, read))}`)
          })
          const sources = found.map((source) => (witnesses === undefined ? source : { ...source, witnesses }))
          all = await entryBytes(sources)
          const [a, b] = sources
          if (a === undefined) return undefined
          if (b === undefined) {
            const report = await verifyHistory(a.disk, a)
            line.stop()
            print.result(report, (style) => logText(style, report))
            return report.exitCode
          }
          const report = await verifyPair(a, b)
          line.stop()
          print.result(report, (style) => pairText(style, report))
          return report.exitCode
        } finally {
          line.stop()
        }
      }),
    )
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`
}

function verdictText(style: Style, verdict: string): string {
  if (verdict === 'violation') return style.bad(verdict)
  return verdict === 'incomplete' ? style.warn(verdict) : style.good(verdict)
}

/** A log with those that were frozen before it. */
function logText(style: Style, report: LogReport): string {
  const frozen = (report.frozen ?? []).map((one) => `\n${style.bold('Frozen before it')}\n${oneLogText(style, one)}`)
  return [oneLogText(style, report), ...frozen].join('\n')
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

function pairText(style: Style, report: PairReport): string {
  const outcomes = Object.entries(report.calls).map(([outcome, count]) => `${count} ${outcome.replaceAll('_', ' ')}`)
  const findings = report.findings.map(({ severity, code, callId, suspected, exposed, entries, text }) => {
    const paint = severity === 'violation' ? style.bad : style.warn
    const where = entries.map(({ side, seq }) => `${side}:${seq}`).join(', ')
    const about = [
      callId === undefined ? undefined : `call ${callId}`,
      suspected === undefined ? undefined : `suspected: ${suspected}`,
      exposed === undefined ? undefined : `without proof: ${exposed}`,
      where === '' ? undefined : `entries ${where}`,
    ].filter((part) => part !== undefined)
    return `  ${paint(code)}: ${text}${about.length === 0 ? '' : ` (${about.join('; ')})`}`
  })
  const more = report.findingCount - report.findings.length
  const head = facts(style, [
    ['pair', verdictText(style, report.verdict)],
    ['calls', outcomes.length === 0 ? 'none between the two' : outcomes.join(', ')],
  ])
  return [
    head,
    ...section('Findings', [...findings, ...(more > 0 ? [`  and ${more} more`] : [])]),
    ...section('Not checked', indented(report.unchecked)),
    '',
    style.bold(`a  ${report.a.did ?? ''}`),
    logText(style, report.a.log),
    '',
    style.bold(`b  ${report.b.did ?? ''}`),
    logText(style, report.b.log),
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines]
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

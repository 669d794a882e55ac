import type { LogLines, LogLinesParams } from '@hansa/protocols'
import { lineLevels } from '@hansa/protocols'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { lineText } from '../line-text.ts'
import { unitsOfTime } from '../moment.ts'
import { integer } from '../options.ts'
import type { Print } from '../print.ts'
import { counted } from '../table.ts'

type Options = {
  follow?: boolean
  level?: LogLinesParams['level']
  call?: string
  /** Milliseconds. */
  since?: number
  lines?: number
}

/** Lines that are shown when nothing says how many. */
const FEW = 100
/** More than a node remembers. */
const ALL = 10_000
/** Milliseconds for which the node holds a question that has no answer yet. */
const WAIT_MS = 25_000

export function logsCommand(cli: Cli): Command {
  return cli
    .command('logs', {
      summary: 'show what the running node said, and what it says from now on',
      description:
        'Shows the last lines of the running node: what happened to it, each with the call or the peer that it is about. The node remembers its last 10,000 lines, at most 8 MiB of them. What each line means is in docs/reference/log-events.md. What was done, and why, is in the signed log: hansa audit show. With --follow it stays until it is interrupted; with --json each line is one document, as the node wrote it.',
      examples: [
        'hansa logs',
        'hansa logs --follow --level warn',
        'hansa logs --call 2f6oYQwqv1mWm1Kc8xLh0g',
        'hansa logs --since 10m --json | jq -c \'select(.event == "call.refused") | [.call_id, .code]\'',
      ],
    })
    .option('-f, --follow', 'go on with what comes, until interrupted')
    .addOption(new Option('--level <level>', 'this level and graver ones (default: all)').choices(lineLevels))
    .option('--call <id>', 'only lines about one call')
    .option('--since <time>', 'only lines of the last 30s, 10m, 6h or 2d', ago)
    .option('-n, --lines <n>', `the last n (default: ${FEW}; all with --since or --call)`, integer('--lines', 1, ALL))
    .action(
      cli.action<Options>(async ({ home, print, options }) => {
        const { controlClient } = await import('../control-client.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const { filter, limit } = queryOf(options, systemClock.now())
        let begun = false
        try {
          await using client = await controlClient(home)
          let read = await client.call('logLines', { ...filter, limit })
          begun = true
          show(print, read)
          if (options.follow !== true && read.lines.length === 0)
            print.note((style) => style.dim('The node has no such line.'))
          while (options.follow === true) {
            read = await client.call('logLines', { ...filter, after: read.next, waitMs: WAIT_MS })
            show(print, read)
          }
          return undefined
        } catch (error) {
          throw await explained(error, home, begun)
        }
      }),
    )
}

type Filter = Pick<LogLinesParams, 'level' | 'callId' | 'since'>

function queryOf({ level, call: callId, since, lines }: Options, nowMs: number): { filter: Filter; limit: number } {
  const filter = {
    ...(level === undefined ? {} : { level }),
    ...(callId === undefined ? {} : { callId }),
    ...(since === undefined ? {} : { since: Math.max(0, nowMs - since) }),
  }
  return { filter, limit: lines ?? (since === undefined && callId === undefined ? FEW : ALL) }
}

/** What was missed is said where the lines go, so that nobody takes them for all there were. */
function show(print: Print, { lines, missed }: LogLines): void {
  if (missed > 0) {
    const sentence = `${counted(missed, 'line')} came faster than they were read, and the node has forgotten them.`
    print.result({ missed }, (style) => style.warn(sentence))
  }
  for (const line of lines) print.result(line, (style) => lineText(style, line))
}

/**
 * The same failure, with where to find the lines that nobody can be asked for any more.
 * @param begun whether the node was there
 */
async function explained(error: unknown, home: string, begun: boolean): Promise<unknown> {
  const { ControlClientError } = await import('../control-client.ts')
  if (!(error instanceof ControlClientError)) return error
  const { detail } = error
  if (detail.code !== 'node_not_running' && !(begun && detail.code === 'connection_lost')) return error
  const what = begun
    ? `The node in ${home} has ended.`
    : `No node is running in ${home}, and only a running one has its lines.`
  const where =
    'The lines of a stopped node are where its standard error went: journalctl -u hansa-node, or the log of its container.'
  return new ControlClientError({ code: detail.code, home }, `${what} ${where}`, { cause: error })
}

/** @returns milliseconds. */
function ago(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const ms = unitsOfTime[unit]
  if (ms === undefined) throw new InvalidArgumentError('--since is a number and s, m, h or d, such as 10m.')
  return Number(count) * ms
}

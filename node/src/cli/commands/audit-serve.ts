import { once } from 'node:events'
import process from 'node:process'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usage } from '../errors.ts'
import { facts } from '../table.ts'

type Options = { listen: string; hashesOnly?: boolean }

const DEFAULT_LISTEN = '127.0.0.1:7480'
/** Faults that are told, at most: whoever asks again and again must not fill the screen. */
const MAX_TOLD = 100

export function auditServeCommand(cli: Cli): Command {
  return cli
    .command('serve', {
      summary: 'give out the logs over HTTP, for tools that check them',
      description:
        'Gives out every log of the node, also those that were frozen, as C2SP tlog-tiles under /hansa/log/NUMBER/, as far as they are signed, until it is told to stop. It reads only, with the node running or not. Entries tell who called what: whoever reaches the address reads them, unless --hashes-only. Plain HTTP; for other machines put a proxy with a certificate in front.',
      examples: [
        'hansa audit serve',
        'hansa audit serve --hashes-only --listen 0.0.0.0:7480',
        'hansa audit serve --home ./orgb --listen 127.0.0.1:0 --json',
      ],
    })
    .option('--listen <host:port>', `where; port 0 takes a free one (default: ${DEFAULT_LISTEN})`, DEFAULT_LISTEN)
    .option('--hashes-only', 'give out checkpoints and hashes, and no entries')
    .action(
      cli.action<Options>(async ({ home, print, options }) => {
        const { isLoopbackHost } = await import('@hansa/mesh')
        const { parseListen } = await import('../../config/listen-address.ts')
        const { logAnswers } = await import('../../tiles/log-answers.ts')
        const { logServer } = await import('../../tiles/log-server.ts')
        const { untilInterrupted } = await import('../interruption.ts')
        const listen = parseListen(options.listen)
        if (listen === undefined) throw usage(`--listen ${JSON.stringify(options.listen)} is not HOST:PORT.`)
        const logs = await logsOf(home)
        const entries = options.hashesOnly !== true
        const told = new Set<string>()
        const onFault = (path: string, error: unknown) => {
          const text = `${path} was not given out: ${error instanceof Error ? error.message : String(error)}`
          if (told.size >= MAX_TOLD || told.has(text)) return
          told.add(text)
          print.note((style) => style.bad(text))
        }
        using stop = untilInterrupted()
        await using server = await logServer({ listen, answers: logAnswers({ logs, entries }), onFault })
        const served = logs.map(({ number, origin }) => ({
          log: number,
          origin,
          prefix: `${server.url}/hansa/log/${number}`,
        }))
        print.result({ url: server.url, entries, logs: served, pid: process.pid }, (style) =>
          served
            .map(({ prefix, origin }) =>
              facts(style, [
                ['serving', style.name(prefix)],
                ['log', origin],
              ]),
            )
            .join('\n'),
        )
        if (entries) {
          const reach = isLoopbackHost(listen.host) ? 'on this machine' : `who reaches ${options.listen}`
          print.note((style) => style.warn(`Entries tell who called what: anybody ${reach} can read them.`))
        }
        if (!stop.signal.aborted) await once(stop.signal, 'abort')
        return undefined
      }),
    )
}

async function logsOf(home: string) {
  const { homePaths } = await import('../../home/home-paths.ts')
  const { numberedLogs } = await import('../../home/published-logs.ts')
  const logs = await numberedLogs(homePaths(home))
  if (logs.length > 0) return logs
  throw usage(`There is no log in ${home} yet. A node writes one when it runs: hansa up`)
}

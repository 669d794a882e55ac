import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'

export function reloadCommand(cli: Cli): Command {
  return cli
    .command('reload', {
      summary: 'take in a changed configuration without a restart',
      description:
        'Has the running node read hansa.yaml, its policies and its modules again, as SIGHUP does. Capabilities are exchanged without a break: what is unchanged goes on, and what is removed ends when the calls that run have ended. With a mistake anywhere everything stays as it is, and every mistake is named. Keys that take a restart are named too.',
      examples: ['hansa reload', 'hansa reload --json | jq .needsRestart'],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { ask } = await import('../control-client.ts')
        const { reloadLines } = await import('../take-in.ts')
        const reload = await ask(home, 'reload', {})
        print.result(reload, (style) => {
          if (!reload.ok)
            return [...reload.faults.map((fault) => style.bad(fault)), 'Everything stays as it was.'].join('\n')
          const lines = reloadLines(reload)
          return [
            `${style.good('Read again')}.`,
            ...(lines.length === 0 ? ['No capability has changed.'] : lines),
          ].join('\n')
        })
        return reload.ok ? exitCodes.ok : exitCodes.failed
      }),
    )
}

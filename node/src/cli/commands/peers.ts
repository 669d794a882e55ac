import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { table, time } from '../table.ts'

export function peersCommand(cli: Cli): Command {
  return cli.command('peers', { summary: 'list imported kernels', examples: ['hansa peers'] }).action(
    cli.action(async ({ home, print }) => {
      const { ask } = await import('../control-client.ts')
      const peers = await ask(home, 'peers', {})
      print.result(peers, (style) => {
        if (peers.length === 0) return 'No kernel is imported. Import one with: hansa import URL'
        const rows = peers.map(({ alias, state, score, trustPolicy, capabilities, expires, endpoint, did }) => [
          style.name(alias),
          state === 'ok' ? style.good(state) : style.bad(state),
          String(score ?? '-'),
          trustPolicy,
          String(capabilities.length),
          time(expires),
          endpoint,
          did,
        ])
        return table(
          style,
          ['alias', 'state', 'score', 'trust policy', 'capabilities', 'manifest until', 'endpoint', 'did'],
          rows,
        )
      })
      return undefined
    }),
  )
}

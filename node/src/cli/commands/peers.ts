import type { PeerInfo } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import type { Style } from '../print.ts'
import { table, time } from '../table.ts'

export function peersCommand(cli: Cli): Command {
  return cli.command('peers', { summary: 'list imported kernels', examples: ['hansa peers'] }).action(
    cli.action(async ({ home, print }) => {
      const { ask } = await import('../control-client.ts')
      const peers = await ask(home, 'peers', {})
      print.result(peers, (style) => {
        if (peers.length === 0) return 'No kernel is imported. Import one with: hansa import URL'
        const rows = peers.map(
          ({ alias, state, link, score, trustPolicy, capabilities, health, expires, endpoint, did }) => [
            style.name(alias),
            linkText(style, link) ?? (state === 'ok' ? style.good(state) : style.bad(state)),
            String(score ?? '-'),
            trustPolicy,
            String(capabilities.length),
            healthText(health),
            time(expires),
            endpoint,
            did,
          ],
        )
        const shown = table(
          style,
          ['alias', 'state', 'score', 'trust policy', 'capabilities', 'healthy', 'manifest until', 'endpoint', 'did'],
          rows,
        )
        const reasons = peers.flatMap((peer) => reasonText(style, peer))
        return reasons.length === 0 ? shown : `${shown}\n\n${reasons.join('\n')}`
      })
      return undefined
    }),
  )
}

function linkText(style: Style, link: PeerInfo['link']): string | undefined {
  if (link === undefined) return undefined
  return link.state === 'open' ? style.bad('cut off') : style.warn('tried again')
}

function reasonText(style: Style, { alias, link }: PeerInfo): string[] {
  if (link === undefined) return []
  return [`${style.name(alias)} was cut off at ${time(link.since)}: ${link.reason}.`]
}

/** `2 of 5`, and how many are failing. */
function healthText(health: PeerInfo['health']): string {
  if (health === undefined) return '-'
  const { healthy, failing, unknown } = health
  return `${healthy} of ${healthy + failing + unknown}${failing === 0 ? '' : `, ${failing} failing`}`
}

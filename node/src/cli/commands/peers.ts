import type { PeerInfo } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import type { Style } from '../print.ts'
import { table, time } from '../table.ts'

type Options = { watch?: boolean }

export function peersCommand(cli: Cli): Command {
  return cli
    .command('peers', {
      summary: 'list imported kernels',
      description:
        'Lists imported kernels: whether each can be called now, what it may be trusted with, and how many of its capabilities have been shown to be served. With --watch it stays, and prints the list again whenever it has changed, until it is interrupted; with --json each change is one line.',
      examples: ['hansa peers', 'hansa peers --watch'],
    })
    .option('--watch', 'print it again whenever it has changed, until interrupted')
    .action(
      cli.action<Options>(async ({ home, print, options }) => {
        const { controlClient } = await import('../control-client.ts')
        const { watchUntilInterrupted } = await import('../watch-changes.ts')
        await using client = await controlClient(home)
        const look = () => client.call('peers', {})
        const show = (peers: PeerInfo[]) => print.result(peers, (style) => peersText(style, peers))
        if (options.watch === true) await watchUntilInterrupted({ look, show })
        else show(await look())
        return undefined
      }),
    )
}

function peersText(style: Style, peers: readonly PeerInfo[]): string {
  if (peers.length === 0) return 'No kernel is imported. Import one with: hansa import URL'
  const shown = table(
    style,
    ['alias', 'state', 'score', 'trust policy', 'capabilities', 'healthy', 'manifest until', 'endpoint', 'did'],
    peers.map((peer) => peerRow(style, peer)),
  )
  const reasons = peers.flatMap((peer) => reasonText(style, peer))
  return reasons.length === 0 ? shown : `${shown}\n\n${reasons.join('\n')}`
}

function peerRow(style: Style, peer: PeerInfo): string[] {
  const { alias, state, link, score, trustPolicy, capabilities, health, expires, endpoint, did } = peer
  return [
    style.name(alias),
    linkText(style, link) ?? (state === 'ok' ? style.good(state) : style.bad(state)),
    String(score ?? '-'),
    trustPolicy,
    String(capabilities.length),
    healthText(health),
    time(expires),
    endpoint,
    did,
  ]
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

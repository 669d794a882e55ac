import type { KernelStatus } from '@hansa/protocols'
import type { Command } from 'commander'
import { LOG_FILLS } from '../../kernel/log-fills.ts'
import type { Cli } from '../cli.ts'
import { fingerprint } from '../fingerprint.ts'
import type { Style } from '../print.ts'
import { bytes, counted, duration, facts, percent } from '../table.ts'
import { ownText } from './witness.ts'

export function statusCommand(cli: Cli): Command {
  return cli
    .command('status', {
      summary: 'show the running node',
      examples: ['hansa status', 'hansa status --json | jq .log.size'],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { ask } = await import('../control-client.ts')
        const status = await ask(home, 'status', {})
        print.result(status, (style) => statusText(style, status))
        return undefined
      }),
    )
}

function statusText(style: Style, status: KernelStatus): string {
  const { did, name, endpoint, uptime, log, policy, capabilities, peers, pendingApprovals, witnessing } = status
  return facts(style, [
    ['did', style.name(did)],
    ['fingerprint', fingerprint(did)],
    ['name', name || undefined],
    ['endpoint', endpoint ?? 'none: other kernels cannot reach it'],
    ['up', duration(uptime)],
    ['log', `${counted(log.size, 'entry', 'entries')}, root ${log.root}`],
    ['log size', logSizeText(style, log)],
    ['log key', log.vkey],
    ['witness key', witnessing?.vkey],
    ['policy', `${counted(policy.rules, 'rule')}, version ${policy.version}`],
    ...(policy.faults ?? []).map((fault): [string, string] => ['policy fault', style.bad(fault)]),
    ['witnesses', witnessing?.own && ownText(style, witnessing.own)],
    ['content', contentText(status)],
    ['capabilities', String(capabilities)],
    ['peers', String(peers)],
    ['approvals', pendingApprovals === 0 ? 'none waits' : style.warn(`${pendingApprovals} waiting: hansa approvals`)],
  ])
}

/** Nothing is said of what an operator does not keep. */
function contentText({ content }: KernelStatus): string | undefined {
  if (content === undefined || (content.keep === 'none' && content.bytes === 0)) return undefined
  return `${bytes(content.bytes)}, ${content.keep === 'none' ? 'nothing more is kept' : `${content.keep} kept`}`
}

function logSizeText(style: Style, { bytes: size, maxBytes, used = 0, full }: KernelStatus['log']): string {
  const shown =
    maxBytes === undefined
      ? bytes(size)
      : `${bytes(size)} of ${bytes(maxBytes)}, ${percent(used)} of what calls may take`
  if (full) return style.bad(`${shown}: full, no call is taken; see hansa doctor`)
  return used < LOG_FILLS ? shown : style.warn(`${shown}; see hansa doctor`)
}

import type { MeshKernel, MeshNeighbour, MeshStatus } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import type { Style } from '../print.ts'
import { counted, facts, table, time } from '../table.ts'

export function meshCommand(cli: Cli): Command {
  return cli.group('mesh', 'see the mesh from this node', [statusCommand(cli)])
}

function statusCommand(cli: Cli): Command {
  return cli
    .command('status', {
      summary: 'list neighbours, and every kernel that is known of',
      description:
        'Shows whom this node tells and asks, when each answered last, and every kernel that it knows of by the manifest that the kernel has signed: what it offers, what it may be trusted with here, and whether it is imported.',
      examples: ['hansa mesh status', 'hansa mesh status --watch', 'hansa mesh status --json | jq ".known[].did"'],
    })
    .option('--watch', 'print it again whenever it has changed, until interrupted')
    .action(
      cli.action<{ watch?: boolean }>(async ({ home, print, options }) => {
        const { controlClient } = await import('../control-client.ts')
        const { watchUntilInterrupted } = await import('../watch-changes.ts')
        await using client = await controlClient(home)
        const look = () => client.call('meshStatus', {})
        const show = (status: MeshStatus) => print.result(status, (style) => meshText(style, status))
        if (options.watch === true) await watchUntilInterrupted({ look, show })
        else show(await look())
        return undefined
      }),
    )
}

function meshText(style: Style, { member, since, neighbours, kernels, known }: MeshStatus): string {
  if (!member)
    return 'This node takes part in no mesh. Join one with: hansa join URL, or wait for others with: hansa join'
  const head = facts(style, [
    ['takes part', since === undefined ? 'yes' : `since ${time(since)}`],
    ['knows', counted(kernels, 'other kernel')],
  ])
  const parts = [head]
  if (neighbours.length > 0)
    parts.push(
      table(
        style,
        ['neighbour', 'answered', 'channel', 'endpoint', ''],
        neighbours.map((one) => neighbourRow(style, one)),
      ),
    )
  if (known.length > 0)
    parts.push(
      table(
        style,
        ['kernel', 'score', 'tier', 'imported as', 'offers', 'manifest until', 'endpoint', 'did'],
        known.map((one) => kernelRow(style, one)),
      ),
    )
  if (kernels > known.length) parts.push(style.dim(`${kernels - known.length} more: look for them with hansa search`))
  return parts.join('\n\n')
}

function neighbourRow(style: Style, { name, did, endpoint, heard, channel, fault, named }: MeshNeighbour): string[] {
  return [
    style.name(name ?? did),
    heard === undefined ? 'not yet' : time(heard),
    channel ?? 'single requests',
    endpoint,
    fault === undefined ? (named ? 'joined through it' : '') : style.bad(fault),
  ]
}

function kernelRow(style: Style, kernel: MeshKernel): string[] {
  const { did, name, endpoint, expires, capabilities, score, tier, imports } = kernel
  return [
    style.name(name ?? '-'),
    String(score ?? '-'),
    tier ?? '-',
    imports.join(', ') || '-',
    String(capabilities),
    time(expires),
    endpoint ?? 'none',
    did,
  ]
}

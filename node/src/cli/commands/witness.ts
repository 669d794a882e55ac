import type { KernelStatus } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import type { Style } from '../print.ts'
import { counted, facts, table, time } from '../table.ts'

export function witnessCommand(cli: Cli): Command {
  return cli.group('witness', 'see who vouches for the log of this node, and for whose logs it vouches', [
    listCommand(cli),
  ])
}

function listCommand(cli: Cli): Command {
  return cli
    .command('list', {
      summary: 'list the witnesses of this log, and the logs that this node cosigns',
      description:
        'Shows whether a quorum of witnesses has cosigned the log of this node, what each of them said last, and of which logs this node itself has cosigned how much, and which kernels are kept out because their log has two histories. Witnesses are configured in hansa.yaml under witnessing. Exit code 1 when the log is degraded.',
      examples: [
        'hansa witness list',
        'hansa witness list --json | jq -r .vkey   # give it to those whose log you cosign',
      ],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { ask } = await import('../control-client.ts')
        const { exitCodes } = await import('../exit-codes.ts')
        const { witnessing } = await ask(home, 'status', {})
        if (witnessing === undefined) {
          print.note(() => 'The node that runs is of a version without witnesses; restart it with this one.')
          return exitCodes.failed
        }
        print.result(witnessing, (style) => witnessText(style, witnessing))
        return witnessing.own?.state === 'degraded' ? exitCodes.failed : exitCodes.ok
      }),
    )
}

type Shown = NonNullable<KernelStatus['witnessing']>

function witnessText(style: Style, { vkey, cosigned, logs, forks, own }: Shown): string {
  const head = facts(style, [
    ['witness key', vkey],
    ['own log', own === undefined ? 'nobody is asked to cosign it' : ownText(style, own)],
    ['cosigns', cosigned === 0 ? 'no log yet' : counted(cosigned, 'log')],
  ])
  const witnesses = (own?.witnesses ?? []).map(({ name, url, size, time: at, fault }) => [
    style.name(name),
    size === undefined ? '-' : counted(size, 'entry', 'entries'),
    at === undefined ? '-' : time(at),
    fault === undefined ? style.good('answers') : style.bad(fault),
    url,
  ])
  const others = logs.map(({ origin, size, time: at }) => [counted(size, 'entry', 'entries'), time(at), origin])
  const kept = forks.map(({ peer, claim, at }) => [style.bad(claim.replace('_', ' ')), time(at), peer])
  return [
    head,
    ...(witnesses.length === 0 ? [] : ['', table(style, ['witness', 'cosigned', 'at', 'state', 'url'], witnesses)]),
    ...(others.length === 0 ? [] : ['', table(style, ['cosigned', 'at', 'log'], others)]),
    ...(kept.length === 0 ? [] : ['', table(style, ['kept out', 'since', 'kernel'], kept)]),
  ].join('\n')
}

export function ownText(style: Style, { state, size, since, writes }: NonNullable<Shown['own']>): string {
  const covered = `${counted(size, 'entry', 'entries')} under a quorum`
  if (state === 'quorum') return style.good(covered)
  const waiting = `${covered}, more wait since ${time(since ?? 0)}`
  if (state === 'waiting') return waiting
  return style.bad(`${waiting}: degraded${writes ? '' : ', only READ calls are taken'}`)
}

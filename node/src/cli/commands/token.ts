import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { integer } from '../options.ts'
import { facts, time } from '../table.ts'
import { tokenRevokeCommand } from './revoke.ts'
import { tokenExchangeCommand } from './token-exchange.ts'

export function tokenCommand(cli: Cli): Command {
  return cli.group('token', 'grant, exchange and revoke tokens', [
    grantCommand(cli),
    tokenExchangeCommand(cli),
    tokenRevokeCommand(cli),
  ])
}

function grantCommand(cli: Cli): Command {
  return cli
    .command('grant', {
      summary: 'mint a token for one principal and one capability',
      description:
        'Mints a token that is valid in this kernel only, for one principal and one capability. It is shown once and is in no log.',
      examples: [
        'hansa token grant agent:reporter files.read',
        'hansa token grant agent:reporter orgb/invoices.list --uses 10 --life 3600',
      ],
    })
    .argument('<principal>', 'agent:NAME or person:NAME')
    .argument('<capability>', 'as shown by: hansa capabilities')
    .option('--uses <n>', 'how often it can be used (default: 1)', integer('--uses', 1, 1_000_000))
    .option('--life <seconds>', 'how long it is valid, at most 3600 (default: 300)', integer('--life', 1, 3600))
    .action(
      cli.action<{ uses?: number; life?: number }>(async ({ home, print, options, args: [principal, capability] }) => {
        const { ask } = await import('../control-client.ts')
        const { uses, life } = options
        const granted = await ask(home, 'grant', { principal, capability, ...present({ uses, life }) })
        print.result(granted, () => granted.token)
        print.note((style) => facts(style, [['valid until', time(granted.expires)]]))
        return undefined
      }),
    )
}

function present(members: Record<string, number | undefined>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(members).filter((member): member is [string, number] => member[1] !== undefined),
  )
}

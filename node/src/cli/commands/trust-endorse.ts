import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli } from '../cli.ts'

export function trustEndorseCommand(cli: Cli): Command {
  return cli
    .command('endorse', {
      summary: 'tell peers that ask what this node makes of a kernel',
      description:
        'From now on a peer that asks about this kernel gets an endorsement: the score that it has here on that day, signed, for 24 hours. Whoever trusts this node with 700 or more gives the kernel up to 150 points for what its trusted peers say of it. Your name and the reason stay in the log.',
      examples: ['hansa trust endorse orgb', 'hansa trust endorse did:key:z6Mk… --reason "a supplier for ten years"'],
    })
    .argument('<kernel>', 'alias or DID')
    .option('--reason <text>', 'why; it is in the log')
    .action(
      cli.action<{ reason?: string }>(async ({ home, print, options, args: [who] }) => {
        const { ask } = await import('../control-client.ts')
        const why = options.reason === undefined ? {} : { reason: options.reason }
        const said = await ask(home, 'endorse', { who, by: accountPerson(userInfo().username), ...why })
        print.result(
          said,
          (style) => `Peers that ask are told that ${style.name(said.did)} stands at ${said.score} here.`,
        )
        return undefined
      }),
    )
}

export function trustUnendorseCommand(cli: Cli): Command {
  return cli
    .command('unendorse', {
      summary: 'tell peers nothing about a kernel any more',
      description:
        'Ends what hansa trust endorse began. Peers that ask every hour stop counting it then; what was signed before runs out within 24 hours.',
      examples: ['hansa trust unendorse orgb', 'hansa trust unendorse orgb --reason "the contract has ended"'],
    })
    .argument('<kernel>', 'alias or DID')
    .option('--reason <text>', 'why; it is in the log')
    .action(
      cli.action<{ reason?: string }>(async ({ home, print, options, args: [who] }) => {
        const { ask } = await import('../control-client.ts')
        const why = options.reason === undefined ? {} : { reason: options.reason }
        const said = await ask(home, 'unendorse', { who, by: accountPerson(userInfo().username), ...why })
        print.result(said, (style) => `Nobody is told of ${style.name(said.did)} any more.`)
        return undefined
      }),
    )
}

import type { Command } from 'commander'
import { AS_HELP, AS_OPTION, actingPerson } from '../acting-person.ts'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { counted } from '../table.ts'

export function policyReloadCommand(cli: Cli): Command {
  return cli
    .command('reload', {
      summary: 'put the policy files in force as they are now',
      description:
        'Has the running node read its policy files again. Calls that run keep the policy they were decided under. With a mistake in any file the policy in force stays, and every mistake is named. Where two persons are needed, one that may permit more waits, and you are the first of the two.',
      examples: ['hansa policy reload', 'hansa policy reload --as person:ana'],
    })
    .option(AS_OPTION, AS_HELP)
    .action(
      cli.action<{ as?: string }>(async ({ home, print, options }) => {
        const { ask } = await import('../control-client.ts')
        const reload = await ask(home, 'reloadPolicy', { by: actingPerson(options.as) })
        print.result(reload, (style) => {
          if (reload.ok)
            return `${style.good('In force')}: ${counted(reload.rules, 'rule')}, version ${reload.version}.`
          return [...reload.faults.map((fault) => style.bad(fault)), 'The policy in force stays.'].join('\n')
        })
        return reload.ok ? exitCodes.ok : exitCodes.failed
      }),
    )
}

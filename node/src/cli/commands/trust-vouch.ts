import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli } from '../cli.ts'
import { readDay } from '../day.ts'
import { integer } from '../options.ts'
import { tierText } from '../standing-text.ts'

const DAY_SECONDS = 86_400
/** As in `@hansa/protocols`, which is not loaded for a help text; the node checks it again. */
const MAX_VOUCHED = 899

type VouchOptions = { standing: number; until: number; reason?: string }

export function trustVouchCommand(cli: Cli): Command {
  return cli
    .command('vouch', {
      summary: 'give the score of a kernel a floor, until a day',
      description:
        'Says in the log, under your name, that a kernel is to be trusted with at least this standing. It holds until that day, or until something grave happens: a broken promise about its log, a secret that the firewall stopped, or a proof such as a fork. Vouching again replaces it. At 300 a kernel may READ unlabelled data, at 500 READ, at 700 what the rules permit.',
      examples: [
        'hansa trust vouch orgb --standing 700 --until 2027-06-30',
        'hansa trust vouch did:key:z6Mk… --standing 500 --until 2027-01-31 --reason "pilot, contract 4711"',
      ],
    })
    .argument('<kernel>', 'alias or DID')
    .requiredOption('--standing <n>', `0 to ${MAX_VOUCHED}`, integer('--standing', 0, MAX_VOUCHED))
    .requiredOption('--until <date>', 'the first day, in UTC, on which it no longer counts', readDay)
    .option('--reason <text>', 'why; it is in the log')
    .action(
      cli.action<VouchOptions>(async ({ home, print, options, args: [who] }) => {
        const { ask } = await import('../control-client.ts')
        const { standing, until, reason } = options
        const why = reason === undefined ? {} : { reason }
        const said = { who, standing, until: until * DAY_SECONDS, by: accountPerson(userInfo().username), ...why }
        const explained = await ask(home, 'vouch', said)
        print.result(explained, (style) => {
          const { of, score, tier, held } = explained
          const stands = `${style.name(of)} now stands at ${style.bold(String(score))}, ${tierText(style, tier)}.`
          return held ? `${stands} A proof holds it there; nobody can vouch against one.` : stands
        })
        return undefined
      }),
    )
}

export function trustUnvouchCommand(cli: Cli): Command {
  return cli
    .command('unvouch', {
      summary: 'take back what was vouched for a kernel',
      description:
        'Ends what hansa trust vouch said, at once. A standing in hansa.yaml, or one that was given with hansa peer add, is changed there.',
      examples: ['hansa trust unvouch orgb', 'hansa trust unvouch orgb --reason "the pilot is over"'],
    })
    .argument('<kernel>', 'alias or DID')
    .option('--reason <text>', 'why; it is in the log')
    .action(
      cli.action<{ reason?: string }>(async ({ home, print, options, args: [who] }) => {
        const { ask } = await import('../control-client.ts')
        const why = options.reason === undefined ? {} : { reason: options.reason }
        const explained = await ask(home, 'unvouch', { who, by: accountPerson(userInfo().username), ...why })
        print.result(explained, (style) => {
          const { of, score, tier } = explained
          return `${style.name(of)} now stands at ${style.bold(String(score))}, ${tierText(style, tier)}.`
        })
        return undefined
      }),
    )
}

import type { ExceptionRecord } from '@hansa/protocols'
import { type Command, InvalidArgumentError } from 'commander'
import { AS_HELP, AS_OPTION, actingPerson } from '../acting-person.ts'
import type { Cli } from '../cli.ts'
import { usage } from '../errors.ts'
import type { Style } from '../print.ts'
import { duration, facts, table, time } from '../table.ts'

export function breakGlassCommand(cli: Cli): Command {
  return cli.group('break-glass', 'make exceptions to the policy, by two persons', [
    grantCommand(cli),
    listCommand(cli),
    endCommand(cli),
  ])
}

type GrantOptions = { principal?: string; capability?: string; reason?: string; minutes: number; as?: string }

function grantCommand(cli: Cli): Command {
  return cli
    .command('grant', {
      summary: 'ask for an exception, or confirm one that another person has asked for',
      description:
        'Without an id: asks for an exception for one principal and one capability. With the id: confirms it, by another person and within an hour; it is in force from then on and ends by itself. It goes before the rules, and before nothing else: a sanction, the firewall and rates hold as always. Each call under it names it in the log.',
      examples: [
        'hansa break-glass grant --principal agent:ops --capability db.restore --minutes 60 --reason "outage 17" --as person:ana',
        'hansa break-glass grant 2f6oYQwqv1mWm1Kc8xLh0g --as person:ben',
      ],
    })
    .argument('[id]', 'of an exception that another person has asked for')
    .option('--principal <principal>', 'agent:NAME or person:NAME, or the DID of another kernel')
    .option('--capability <ref>', 'the one capability')
    .option('--reason <text>', 'why; at most 500 characters')
    .option('--minutes <n>', 'how long, 1 to 240', minutes, 60)
    .option(AS_OPTION, AS_HELP)
    .action(
      cli.action<GrantOptions>(async ({ home, print, options, args: [id] }) => {
        const { ask } = await import('../control-client.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const by = actingPerson(options.as)
        const { principal, capability, reason, minutes: lasts } = options
        if (id !== undefined && (principal ?? capability ?? reason) !== undefined)
          throw usage('Confirm an exception by its id alone; what it is about was said when it was asked for.')
        if (id === undefined && (principal === undefined || capability === undefined || reason === undefined))
          throw usage('Say --principal, --capability and --reason; or the id of an exception, to confirm it.')
        const granted =
          id === undefined
            ? await ask(home, 'askException', {
                principal: principal ?? '',
                capability: capability ?? '',
                reason: reason ?? '',
                minutes: lasts,
                by,
              })
            : await ask(home, 'confirmException', { id: String(id), by })
        print.result(granted, (style) => exceptionText(style, granted, Math.floor(systemClock.now() / 1000)))
        return undefined
      }),
    )
}

function listCommand(cli: Cli): Command {
  return cli
    .command('list', {
      summary: 'list exceptions: in force, asked for, and over',
      examples: ['hansa break-glass list', 'hansa break-glass list --json | jq \'.[] | select(.state == "in_force")\''],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { ask } = await import('../control-client.ts')
        const known = await ask(home, 'exceptions', {})
        print.result(known, (style) => {
          if (known.length === 0) return 'There is no exception to the policy.'
          const rows = known.map(({ id, state, principal, capability, until, by, second }) => [
            style.name(id),
            stateText(style, state),
            principal,
            capability,
            time(until),
            [by, second ?? []].flat().join(' and '),
          ])
          return table(style, ['exception', 'state', 'for', 'capability', 'until', 'by'], rows)
        })
        return undefined
      }),
    )
}

function endCommand(cli: Cli): Command {
  return cli
    .command('end', {
      summary: 'end an exception before its time',
      examples: ['hansa break-glass end 2f6oYQwqv1mWm1Kc8xLh0g --as person:ana'],
    })
    .argument('<id>', 'as shown by: hansa break-glass list')
    .option(AS_OPTION, AS_HELP)
    .action(
      cli.action<{ as?: string }>(async ({ home, print, options, args: [id] }) => {
        const { ask } = await import('../control-client.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const ended = await ask(home, 'endException', { id: String(id), by: actingPerson(options.as) })
        print.result(ended, (style) => exceptionText(style, ended, Math.floor(systemClock.now() / 1000)))
        return undefined
      }),
    )
}

function exceptionText(style: Style, record: ExceptionRecord, now: number): string {
  const { id, state, principal, capability, reason, minutes: lasts, by, second, until } = record
  const left = until - now
  return facts(style, [
    ['exception', style.name(id)],
    ['state', stateText(style, state)],
    ['for', principal],
    ['capability', capability],
    ['why', reason],
    ['lasts', `${lasts} min from the confirmation`],
    ['asked by', by],
    ['confirmed by', second],
    ['until', left > 0 ? `${time(until)}, in ${duration(left)}` : time(until)],
    ['next', state === 'asked' ? `another person runs: hansa break-glass grant ${id} --as person:NAME` : undefined],
  ])
}

function stateText(style: Style, state: ExceptionRecord['state']): string {
  const shown = state.replace('_', ' ')
  return { asked: style.warn, in_force: style.bad, over: style.dim }[state](shown)
}

function minutes(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 240) return Number(text)
  throw new InvalidArgumentError('an exception lasts 1 to 240 minutes.')
}

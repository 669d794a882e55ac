import type { PendingPolicyAnswer } from '@hansa/protocols'
import type { Command } from 'commander'
import { AS_HELP, AS_OPTION, actingPerson } from '../acting-person.ts'
import type { Cli, Invocation } from '../cli.ts'
import type { Style } from '../print.ts'
import { counted, facts, time } from '../table.ts'

/** Lines that are shown of what `--json` has more of. */
const SHOWN = 10

export function policyPendingCommand(cli: Cli): Command {
  return cli
    .command('pending', {
      summary: 'show a policy that waits for two persons, and what it may permit more',
      description:
        'With `policy_changes: { two_persons: true }` in hansa.yaml, a policy that may permit more than the one in force waits, whether it was reloaded or the node was started with it, until two persons have approved it. Whoever reloads it with hansa policy reload is one of them.',
      examples: ['hansa policy pending', "hansa policy pending --json | jq '.pending.wider'"],
    })
    .action(
      cli.action(async (invocation) => {
        const { ask } = await import('../control-client.ts')
        show(invocation, await ask(invocation.home, 'pendingPolicy', {}))
        return undefined
      }),
    )
}

export function policyApproveCommand(cli: Cli): Command {
  return cli
    .command('approve', {
      summary: 'stand up for a policy that waits; the second person puts it in force',
      description: 'Approves exactly the policy of this id: if the files change meanwhile, it is another one.',
      examples: ['hansa policy approve 3q2xV0bT1mYc --as person:ben'],
    })
    .argument('<policy>', 'its id, or the first eight characters of it: hansa policy pending')
    .option(AS_OPTION, AS_HELP)
    .action(
      cli.action<{ as?: string }>(async (invocation) => {
        const { ask } = await import('../control-client.ts')
        const what = { id: String(invocation.args[0]), by: actingPerson(invocation.options.as) }
        const answer = await ask(invocation.home, 'approvePolicy', what)
        if (answer.pending === null) invocation.print.result(answer, (style) => style.good('It is in force.'))
        else show(invocation, answer)
        return undefined
      }),
    )
}

export function policyRejectCommand(cli: Cli): Command {
  return cli
    .command('reject', {
      summary: 'refuse a policy that waits; the one in force stays',
      examples: ['hansa policy reject 3q2xV0bT1mYc --reason "too wide" --as person:ben'],
    })
    .argument('<policy>', 'its id, or the first eight characters of it: hansa policy pending')
    .option('--reason <text>', 'why; at most 256 characters')
    .option(AS_OPTION, AS_HELP)
    .action(
      cli.action<{ reason?: string; as?: string }>(async (invocation) => {
        const { options, args, home } = invocation
        const { ask } = await import('../control-client.ts')
        const { reason } = options
        const what = { id: String(args[0]), by: actingPerson(options.as), ...(reason === undefined ? {} : { reason }) }
        show(invocation, await ask(home, 'rejectPolicy', what))
        return undefined
      }),
    )
}

function show({ print }: Invocation<unknown>, answer: PendingPolicyAnswer): void {
  print.result(answer, (style) => answerText(style, answer))
}

function answerText(style: Style, { pending, twoPersons }: PendingPolicyAnswer): string {
  if (pending === null)
    return twoPersons
      ? 'No policy waits. One that may permit more than the one in force will: two persons are needed.'
      : 'No policy waits: one person is enough. Two are needed with policy_changes: { two_persons: true } in hansa.yaml.'
  const { id, state, rules, wider, approvals, rejected, since } = pending
  const more = wider.length - SHOWN
  return facts(style, [
    ['policy', style.name(id)],
    ['state', state === 'waits' ? style.warn(state) : style.bad(state)],
    ['rules', String(rules)],
    ['since', time(since)],
    ['wider', [...wider.slice(0, SHOWN), ...(more > 0 ? [`and ${counted(more, 'line')} more`] : [])].join('\n')],
    ['approved by', approvals.length === 0 ? 'nobody' : approvals.map(({ by }) => by).join(' and ')],
    ['rejected by', rejected && `${rejected.by}${rejected.reason === '' ? '' : `, "${rejected.reason}"`}`],
    ['next', nextOf(pending)],
  ])
}

function nextOf({ id, state, approvals }: NonNullable<PendingPolicyAnswer['pending']>): string {
  if (state === 'rejected') return 'change the policy files, or hansa policy reload to ask again'
  const who = approvals.length === 0 ? 'two persons run' : 'another person runs'
  return `${who}: hansa policy approve ${id.slice(0, 12)} --as person:NAME`
}

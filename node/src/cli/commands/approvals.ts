import type { Approval } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import type { Style } from '../print.ts'
import { facts, time } from '../table.ts'

export function approvalsCommand(cli: Cli): Command {
  return cli
    .command('approvals', {
      summary: 'list what waits for a person',
      description:
        'Lists the actions that wait for a person, with their exact arguments; with --all also what became of earlier ones.',
      examples: ['hansa approvals', 'hansa approvals --all'],
    })
    .option('--all', 'also those that were decided, used or have expired')
    .action(
      cli.action<{ all?: boolean }>(async ({ home, print, options }) => {
        const { ask } = await import('../control-client.ts')
        const known = await ask(home, 'approvals', {})
        const shown = options.all === true ? known : known.filter(({ state }) => state === 'pending')
        print.result(shown, (style) =>
          shown.length === 0
            ? 'Nothing waits for a person.'
            : shown.map((one) => approvalText(style, one)).join('\n\n'),
        )
        return undefined
      }),
    )
}

/** One action, with all that a person needs to decide. */
export function approvalText(style: Style, approval: Approval): string {
  const { id, state, principal, capability, args, requested, expires, approver } = approval
  return facts(style, [
    ['approval', style.name(id)],
    ['state', state === 'pending' ? style.warn(state) : state],
    ['who', principal],
    ['capability', capability],
    ['arguments', args ?? 'not kept: the node has restarted since the request'],
    ['requested', time(requested)],
    ['expires', time(expires)],
    ['decided by', approver],
  ])
}

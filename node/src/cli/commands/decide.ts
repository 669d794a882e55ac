import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli } from '../cli.ts'
import { facts } from '../table.ts'
import { approvalText } from './approvals.ts'

const approve = {
  summary: 'approve one action',
  description:
    'Approves exactly the action that was asked for, once. The caller repeats the call and names the approval. Whoever asked for it cannot approve it.',
  examples: ['hansa approvals', 'hansa approve 2f6oYQwqv1mWm1Kc8xLh0g --as person:ana --reason "order 4711"'],
}
const deny = {
  summary: 'deny one action',
  examples: ['hansa deny 2f6oYQwqv1mWm1Kc8xLh0g --reason "wrong account"'],
}

export function approveCommand(cli: Cli): Command {
  return decideCommand(cli, 'approve', approve)
}

export function denyCommand(cli: Cli): Command {
  return decideCommand(cli, 'deny', deny)
}

function decideCommand(cli: Cli, name: 'approve' | 'deny', text: typeof approve | typeof deny): Command {
  return cli
    .command(name, text)
    .argument('<id>', 'as shown by: hansa approvals')
    .option('--as <person>', 'who decides, as person:NAME (default: person: and the name of the account)')
    .option('--reason <text>', 'why; written into the log, at most 500 characters')
    .action(
      cli.action<{ as?: string; reason?: string }>(async ({ home, print, options, args: [id] }) => {
        const { ask } = await import('../control-client.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const { username, uid } = userInfo()
        const approval = await ask(home, name, {
          id,
          approver: options.as ?? accountPerson(username),
          ...(options.reason === undefined ? {} : { reason: options.reason }),
          source: `hansa ${name}, account ${username.slice(0, 64).toWellFormed()}, uid ${uid}`,
        })
        print.result(approval, (style) => {
          const next = name === 'approve' ? [['next', `repeat the call with --approval ${approval.id}`] as const] : []
          return `${approvalText(style, approval, systemClock.now())}${next.length === 0 ? '' : `\n${facts(style, next)}`}`
        })
        return undefined
      }),
    )
}

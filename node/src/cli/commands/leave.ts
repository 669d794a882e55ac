import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli } from '../cli.ts'

export function leaveCommand(cli: Cli): Command {
  return cli
    .command('leave', {
      summary: 'take no part in the mesh any more, and say so',
      description:
        'Tells the neighbours, signed, that this kernel is no longer listed, and forgets them. They pass it on. The node goes on running: kernels that have imported it can still call it, and imports of this node stay.',
      examples: ['hansa leave', 'hansa leave --json'],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { ask } = await import('../control-client.ts')
        const status = await ask(home, 'leaveMesh', { by: accountPerson(userInfo().username) })
        print.result(status, () => 'This node takes no part in the mesh any more. Take part again with: hansa join')
        return undefined
      }),
    )
}

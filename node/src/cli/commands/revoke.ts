import type { Command } from 'commander'
import type { Cli, Invocation } from '../cli.ts'
import { usage } from '../errors.ts'

type Options = { token?: string; principal?: string }

export function revokeCommand(cli: Cli): Command {
  return revoking(cli, cli.command('revoke', textOf('hansa revoke')))
    .option('--token <token>', 'the token or its id; @FILE reads it from a file')
    .option('--principal <principal>', 'every token of agent:NAME or person:NAME')
}

/** The same, below `hansa token`. */
export function tokenRevokeCommand(cli: Cli): Command {
  return revoking(cli, cli.command('revoke', textOf('hansa token revoke')))
}

function textOf(name: string) {
  const named = name === 'hansa revoke' ? [`${name} --principal agent:reporter`, `${name} --token @token.txt`] : []
  return {
    summary: 'revoke a token, or every token of a principal',
    description: 'Revokes at once: the next use of the token is refused, and the log says so.',
    examples: [...named, `${name} hkt1.…`, `${name} agent:reporter`],
  }
}

function revoking(cli: Cli, command: Command): Command {
  return command.argument('[what]', 'the token, its id, or a principal').action(
    cli.action<Options>(async (invocation) => {
      const { home, print } = invocation
      const revoked = await wanted(invocation)
      const { ask } = await import('../control-client.ts')
      await ask(home, 'revoke', revoked)
      const shown = 'principal' in revoked ? revoked.principal : 'token'
      print.result({ revoked: shown }, () =>
        'principal' in revoked ? `Every token of ${shown} is revoked.` : 'The token is revoked.',
      )
      return undefined
    }),
  )
}

async function wanted({
  options,
  args: [what],
}: Invocation<Options>): Promise<{ principal: string } | { token: string }> {
  const { token, principal } = options
  const given = [what, token, principal].filter((each) => each !== undefined)
  if (given.length !== 1) throw usage('Say what to revoke, once: a token, its id, or a principal.')
  if (principal !== undefined) return { principal: own(principal) }
  const text = String(token ?? what)
  if (token === undefined && /^(?:agent|person|did):/.test(text)) return { principal: own(text) }
  const { readToken } = await import('../call-input.ts')
  return { token: await readToken(text) }
}

function own(principal: string): string {
  if (/^(?:agent|person):/.test(principal)) return principal
  throw usage('Tokens of this kernel belong to agent:NAME or person:NAME.')
}

import { CLIENT_ASSERTION_TYPE, issuedTokenTypes, TOKEN_EXCHANGE_GRANT } from '@hansa/protocols'
import { type Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { facts, time } from '../table.ts'

type Options = {
  subjectToken: string
  subjectTokenType: string
  actorToken?: string
  actorTokenType: string
  scope: string
  client?: string
  clientAssertion?: string
}

const PREFIX = 'urn:ietf:params:oauth:token-type:'

export function tokenExchangeCommand(cli: Cli): Command {
  const types = issuedTokenTypes.map((type) => type.slice(PREFIX.length))
  return cli
    .command('exchange', {
      summary: 'exchange a token of an issuer for one of this node',
      description:
        'Exchanges the token of an issuer (hansa issuer list) for a token of this node, as programs do at POST /oauth/token (RFC 8693): for one capability, for at most five minutes. Tokens are named by file, so that no list of processes shows them.',
      examples: [
        'hansa token exchange --subject-token @reporter.jwt --client reporter --scope invoke:files.read',
        'hansa token exchange --subject-token @user.jwt --actor-token @agent.jwt --client-assertion @app.jwt --scope "invoke:orgb/crm.customers uses:10 max_rows:50"',
      ],
    })
    .requiredOption('--subject-token <@file>', 'whose rights are used; - is standard input')
    .addOption(new Option('--subject-token-type <type>', `one of ${types.join(', ')}`).choices(types).default('jwt'))
    .option('--actor-token <@file>', 'who acts, when it is somebody else')
    .addOption(new Option('--actor-token-type <type>', `one of ${types.join(', ')}`).choices(types).default('jwt'))
    .requiredOption('--scope <scope>', 'invoke:CAPABILITY, and uses:N, max_rows:N, max_bytes:N')
    .option('--client <id>', 'who asks, for a client of `auth: none`')
    .option('--client-assertion <@file>', 'JWT by which a client shows who it is')
    .action(
      cli.action<Options>(async ({ home, print, options, stdin }) => {
        const { exchangeToken } = await import('../exchange-token.ts')
        const { readTokenFile } = await import('../read-token-file.ts')
        const { actorToken, clientAssertion: assertion, client } = options
        const granted = await exchangeToken(home, {
          grant_type: TOKEN_EXCHANGE_GRANT,
          subject_token: await readTokenFile(options.subjectToken, stdin),
          subject_token_type: PREFIX + options.subjectTokenType,
          ...(actorToken !== undefined && {
            actor_token: await readTokenFile(actorToken, stdin),
            actor_token_type: PREFIX + options.actorTokenType,
          }),
          scope: options.scope,
          ...(client !== undefined && { client_id: client }),
          ...(assertion !== undefined && {
            client_assertion: await readTokenFile(assertion, stdin),
            client_assertion_type: CLIENT_ASSERTION_TYPE,
          }),
        })
        const { systemClock } = await import('../../system-clock.ts')
        const until = Math.floor(systemClock.now() / 1000) + granted.expires_in
        print.result(granted, () => granted.access_token)
        print.note((style) =>
          facts(style, [
            ['for', granted.scope],
            ['valid until', time(until)],
          ]),
        )
        return undefined
      }),
    )
}

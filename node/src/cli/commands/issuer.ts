import type { IssuerCheck } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Style } from '../print.ts'
import { facts, table, time } from '../table.ts'

export function issuerCommand(cli: Cli): Command {
  return cli.group('issuer', 'see whose tokens this node takes, and try them', [listCommand(cli), checkCommand(cli)])
}

function listCommand(cli: Cli): Command {
  return cli
    .command('list', {
      summary: 'list the issuers whose tokens are taken',
      examples: ['hansa issuer list', 'hansa issuer list --json | jq ".[].keys"'],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { ask } = await import('../control-client.ts')
        const issuers = await ask(home, 'issuers', {})
        print.result(issuers, (style) => {
          if (issuers.length === 0) return 'No issuer is configured. See `issuers` in hansa.yaml.'
          const rows = issuers.map(({ name, kind, who, principal, keys, readAt, fault }) => [
            style.name(name),
            kind,
            who,
            principal,
            readAt === undefined ? '-' : String(keys.length),
            fault === undefined ? (readAt === undefined ? 'not asked yet' : `read ${time(readAt)}`) : style.bad(fault),
          ])
          return table(style, ['issuer', 'kind', 'who', 'subjects act as', 'keys', ''], rows)
        })
        return undefined
      }),
    )
}

function checkCommand(cli: Cli): Command {
  return cli
    .command('check', {
      summary: 'read the keys of an issuer now, and try a token',
      description:
        'Has the node read the keys of an issuer now, and shows which of them verify tokens and why the others do not. With a token it says as whom its bearer would act, or the exact reason why it is refused; nothing is done with it.',
      examples: ['hansa issuer check corp', 'hansa issuer check corp --token @token.jwt'],
    })
    .argument('<name>', 'as shown by: hansa issuer list')
    .option('--token <@file>', 'file with a token of this issuer; - is standard input')
    .action(
      cli.action<{ token?: string }>(async ({ home, print, options, stdin, args: [name] }) => {
        const { ask } = await import('../control-client.ts')
        const { readTokenFile } = await import('../read-token-file.ts')
        const token = options.token === undefined ? undefined : await readTokenFile(options.token, stdin)
        const checked = await ask(home, 'checkIssuer', { name, ...(token !== undefined && { token }) })
        print.result(checked, (style) => checkText(checked, style))
        const good = checked.fault === undefined && checked.keys.length > 0 && checked.token?.ok !== false
        return good ? undefined : exitCodes.failed
      }),
    )
}

function checkText({ keys, refused, token, ...issuer }: IssuerCheck, style: Style): string {
  const head = facts(style, [
    ['issuer', style.name(issuer.name)],
    [issuer.kind === 'oidc' ? 'iss' : 'trust domain', issuer.who],
    ['aud', issuer.audience],
    ['algorithms', issuer.algorithms.join(', ')],
    ['subjects act as', issuer.principal],
    ['keys from', issuer.keysFrom],
  ])
  const lines = [
    ...keys.map(({ kid, alg }) => `${style.good('takes')}    ${kid}  ${alg}`),
    ...refused.map(({ kid = '(no kid)', reason }) => `${style.bad('refuses')}  ${kid}  ${reason}`),
    ...(issuer.fault === undefined ? [] : [`${style.bad('failed')}   ${issuer.fault}`]),
    ...(keys.length + refused.length === 0 && issuer.fault === undefined ? ['There are no keys.'] : []),
  ]
  return [head, '', ...lines, ...(token === undefined ? [] : ['', tokenText(token, style)])].join('\n')
}

function tokenText(token: NonNullable<IssuerCheck['token']>, style: Style): string {
  if (!token.ok) return `${style.bad('The token is refused')}: ${token.reason}`
  const { principal, onBehalfOf, expires, scopes } = token
  return facts(style, [
    ['the token', style.good('is good')],
    ['acts as', principal],
    ...(onBehalfOf === undefined ? [] : [['on behalf of', onBehalfOf] as const]),
    ['until', time(expires)],
    ['for', scopes?.join(', ') ?? 'whatever that principal may'],
  ])
}

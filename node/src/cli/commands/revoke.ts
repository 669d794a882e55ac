import { userInfo } from 'node:os'
import { type RevocationInfo, type RevocationKind, type Revoke, revocationKinds } from '@hansa/protocols'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli, Invocation } from '../cli.ts'
import { usage } from '../errors.ts'
import type { Style } from '../print.ts'
import { counted, facts, time } from '../table.ts'

type Options = { token?: string; principal?: string; reason?: string; since?: string; as?: string }

export function revokeCommand(cli: Cli): Command {
  const command = cli.command('revoke', {
    summary: 'take back a token, capability, delegation, key or peer',
    description:
      'Takes something back, at once and for good: the next use of it is refused here, and the log says so. Capabilities, delegations, keys and agreements are other kernels’ business too: each is told under the signature of this one. A token or principal may stand alone; any other kind comes first.',
    examples: [
      'hansa revoke agent:reporter --reason "left the team"',
      'hansa revoke token @token.txt',
      'hansa revoke capability billing.pay --reason "wrong account"',
      'hansa revoke delegation @link.jws',
      'hansa revoke key did:key:z6Mk…#z6Mk… --since 2026-11-20T08:00:00Z',
      'hansa revoke peer orgb',
    ],
  })
  return revoking(cli, command)
    .argument('[what]', 'what of that kind: see the examples; @FILE reads it from a file')
    .option('--token <token>', 'the same as: token TOKEN')
    .option('--principal <principal>', 'the same as: principal agent:NAME')
    .option(
      '--since <time>',
      'of a key: signatures from then on count for nothing; ISO 8601 or Unix seconds (default: now)',
    )
}

/** Tokens alone, below `hansa token`. */
export function tokenRevokeCommand(cli: Cli): Command {
  const command = cli.command('revoke', {
    summary: 'revoke a token, or every token of a principal',
    description: 'Revokes at once: the next use of the token is refused, and the log says so.',
    examples: ['hansa token revoke hkt1.…', 'hansa token revoke agent:reporter'],
  })
  return revoking(cli, command)
}

function revoking(cli: Cli, command: Command): Command {
  return command
    .argument('[kind]', `one of ${revocationKinds.join(', ')}; or a token or principal itself`)
    .option('--reason <text>', 'why; written into the log, at most 256 characters')
    .option('--as <person>', 'who says so, as person:NAME (default: person: and the name of the account)')
    .action(
      cli.action<Options>(async (invocation) => {
        const { home, print, options } = invocation
        const wanted = await wantedOf(invocation)
        const { ask } = await import('../control-client.ts')
        const reason = options.reason === undefined ? {} : { reason: options.reason }
        const by = options.as ?? accountPerson(userInfo().username)
        const revoked = await ask(home, 'revoke', { ...asked(wanted, by), ...reason })
        print.result({ revoked: shownAs(wanted), ...revoked }, (style) => revokedText(style, wanted, revoked))
        return undefined
      }),
    )
}

type Wanted = Extract<Revoke, { kind: string }>

async function wantedOf({ options, args }: Invocation<Options>): Promise<Wanted> {
  const { token, principal, since } = options
  const [first, second] = args as readonly (string | undefined)[]
  const given = [first, token, principal].filter((each) => each !== undefined)
  if (given.length !== 1)
    throw usage('Say what to revoke, once: a kind and what it is, a token, its id, or a principal.')
  const { readToken } = await import('../call-input.ts')
  if (principal !== undefined) return { kind: 'principal', what: own(principal) }
  if (token !== undefined) return { kind: 'token', what: await readToken(token) }
  const text = String(first)
  const kind = revocationKinds.find((one) => one === text)
  if (kind === undefined) return alone(text, second)
  if (second === undefined)
    throw usage(`Say which ${kind} to revoke. For example: hansa revoke ${kind} ${sample[kind]}`)
  if (kind === 'principal') return { kind, what: own(second) }
  const what = await readToken(second)
  return since === undefined ? { kind, what } : { kind, what, since: seconds(since) }
}

/** A token or a principal, without its kind. */
async function alone(text: string, more: string | undefined): Promise<Wanted> {
  if (more !== undefined) throw usage(`There is no kind ${text}. Choose from: ${revocationKinds.join(', ')}.`)
  if (/^(?:agent|person|did):/.test(text)) return { kind: 'principal', what: own(text) }
  const { readToken } = await import('../call-input.ts')
  return { kind: 'token', what: await readToken(text) }
}

function asked(wanted: Wanted, by: string): Revoke {
  const { kind, what } = wanted
  if (kind === 'token') return { token: what }
  return kind === 'principal' ? { principal: what } : { ...wanted, by }
}

const sample: Readonly<Record<RevocationKind, string>> = {
  token: '@token.txt',
  principal: 'agent:reporter',
  capability: 'billing.pay',
  delegation: '@link.jws',
  key: 'did:key:z6Mk…#z6Mk…',
  agreement: 'HASH',
  peer: 'orgb',
}

function own(principal: string): string {
  if (/^(?:agent|person):/.test(principal)) return principal
  throw usage('Tokens of this kernel belong to agent:NAME or person:NAME.')
}

function seconds(text: string): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw usage(`${text} is no time. Write it as 2026-11-20T08:00:00Z, or as Unix seconds.`)
}

/** A token is shown by its kind alone. */
function shownAs({ kind, what }: Wanted): string {
  return kind === 'token' ? 'token' : what
}

const effects: Readonly<Record<Exclude<RevocationKind, 'token' | 'principal'>, string>> = {
  capability: 'Nobody may call it any more, and it is no longer advertised.',
  delegation: 'The link is revoked, and every link behind it.',
  key: 'Signatures of it are refused.',
  agreement: 'The agreement no longer holds.',
  peer: 'Its sessions are closed, and calls of it and to it are refused.',
}

function revokedText(style: Style, wanted: Wanted, { kind, what, reason, seq, since, told }: RevocationInfo): string {
  if (wanted.kind === 'token') return 'The token is revoked.'
  if (wanted.kind === 'principal') return `Every token of ${wanted.what} is revoked.`
  return [
    effects[wanted.kind],
    facts(style, [
      [kind, style.name(what)],
      ['reason', reason === '' ? undefined : reason],
      ['since', since === undefined ? undefined : time(since)],
      ['number', String(seq)],
      ['told', told === undefined ? undefined : toldText(told)],
    ]),
  ].join('\n')
}

function toldText(told: NonNullable<RevocationInfo['told']>): string {
  if (told.length === 0) return 'nobody: no kernel is connected now. Each hears of it with its next handshake'
  const late = told.flatMap(({ peer, reason }) => (reason === undefined ? [] : [`${peer}: not yet, ${reason}`]))
  return [`${told.length - late.length} of ${counted(told.length, 'connected kernel')}`, ...late].join('\n')
}

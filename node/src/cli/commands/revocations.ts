import { type RevocationInfo, revocationKinds } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { failed, usage } from '../errors.ts'
import { facts, table, time } from '../table.ts'

export function revocationsCommand(cli: Cli): Command {
  return cli.group('revocations', 'see what was taken back, here and by other kernels', [
    listCommand(cli),
    showCommand(cli),
  ])
}

function listCommand(cli: Cli): Command {
  return cli
    .command('list', {
      summary: 'list revocations, the newest first',
      examples: ['hansa revocations list', 'hansa revocations list --kind delegation --json'],
    })
    .option('--kind <kind>', `only of one kind: ${revocationKinds.join(', ')}`)
    .option('--own', 'only those of this kernel')
    .action(
      cli.action<{ kind?: string; own?: boolean }>(async ({ home, print, options }) => {
        const { kind, own } = options
        if (kind !== undefined && !revocationKinds.some((one) => one === kind))
          throw usage(`There is no kind ${kind}. Choose from: ${revocationKinds.join(', ')}.`)
        const { ask } = await import('../control-client.ts')
        const all = await ask(home, 'revocations', {})
        const shown = all.filter((one) => (kind === undefined || one.kind === kind) && (own !== true || one.own))
        print.result(shown, (style) => {
          if (shown.length === 0) return 'Nothing was revoked.'
          const rows = shown.map((one) => [
            String(one.seq),
            one.kind,
            style.name(one.what),
            one.own ? 'this kernel' : one.issuer,
            time(one.made),
            one.reason,
          ])
          return table(style, ['number', 'kind', 'what', 'by', 'made', 'reason'], rows)
        })
        return undefined
      }),
    )
}

function showCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show one revocation, as it was signed',
      examples: ['hansa revocations show 1795189029', 'hansa revocations show agent:reporter --json | jq -r .jws'],
    })
    .argument('<which>', 'its number, its hash, or what it names')
    .action(
      cli.action(async ({ home, print, args: [which] }) => {
        const { ask } = await import('../control-client.ts')
        const found = (await ask(home, 'revocations', {})).find((one) => isMeant(one, String(which)))
        if (found === undefined) throw failed(`Nothing was revoked as ${String(which)}. See: hansa revocations list`)
        print.result(found, (style) =>
          facts(style, [
            ['kind', found.kind],
            ['what', style.name(found.what)],
            ['by', found.own ? `${found.issuer} (this kernel)` : found.issuer],
            ['number', String(found.seq)],
            ['made', time(found.made)],
            ['since', found.since === undefined ? undefined : time(found.since)],
            ['ends', found.ends === undefined ? undefined : time(found.ends)],
            ['reason', found.reason === '' ? undefined : found.reason],
            ['hash', found.hash],
            ['signed', found.jws],
          ]),
        )
        return undefined
      }),
    )
}

/** An own one goes before one of another kernel that counts alike: the list begins with the newest. */
function isMeant({ seq, hash, what }: RevocationInfo, which: string): boolean {
  return String(seq) === which || hash === which || what === which
}

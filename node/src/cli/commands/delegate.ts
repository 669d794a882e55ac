import { writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli } from '../cli.ts'
import { command, type Expiry, expiry, limits, predicates } from '../delegation-options.ts'
import { collect, integer } from '../options.ts'
import { facts, time } from '../table.ts'

type Options = {
  to: string
  cmd: string
  where?: string[]
  limit?: string[]
  expires: Expiry
  from?: string
  depth?: number
  obo?: string
  out?: string
}

export function delegateCommand(cli: Cli): Command {
  return cli
    .command('delegate', {
      summary: 'let another kernel act on what this one owns or was given',
      description:
        'Signs a link that lets another kernel call capabilities of this one, or passes on what this kernel was given (--from), never more. Prints the chain, which is no secret: only the kernel that it names can act under it. Give it to its operator, who takes it in with: hansa delegation add. The rules of the kernel that serves decide all the same.',
      examples: [
        `hansa delegate --to did:key:z6Mk… --cmd /billing/invoice --where 'tenant == "acme"' --where 'max_rows <= 50' --limit calls=100 --expires 7d > acme.chain`,
        'hansa delegate --to did:key:z6Mk… --cmd /reports --limit money=5000EUR --expires 2027-01-31 --depth 2',
        'hansa delegate --from acme.chain --to did:key:z6Mk… --cmd /billing/invoice/list --expires 1d --obo "Olga, order 4711"',
      ],
    })
    .requiredOption('--to <did>', 'the kernel that may act, and no other')
    .requiredOption(
      '--cmd <path>',
      'what it may call: /billing/invoice is billing.invoice and everything below; / is all',
    )
    .requiredOption('--expires <when>', 'when it ends: 30m, 6h, 7d, 4w from now, or a date', expiry)
    .option('--where <predicate>', `what holds of the arguments, such as 'max_rows <= 50'; can be repeated`, collect)
    .option(
      '--limit <name=n>',
      'calls, rows, tokens, or money=5000EUR in minor units, over its life; can be repeated',
      collect,
    )
    .option('--from <chain>', 'passes on this chain: a file, or its id as shown by hansa delegation list')
    .option(
      '--depth <n>',
      'how many more links may follow (default: 0; with --from what is left)',
      integer('--depth', 0, 3),
    )
    .option('--obo <text>', 'on behalf of whom, signed with it')
    .option('--out <file>', 'writes the chain there instead of to standard output')
    .action(
      cli.action<Options>(async ({ home, print, options }) => {
        const { to, cmd, where = [], limit = [], expires, from, depth, obo, out } = options
        const [pol, lim, path] = [await predicates(where), limits(limit), command(cmd)]
        const { ask } = await import('../control-client.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const { chainIn } = await import('../given-chain.ts')
        const made = await ask(home, 'delegate', {
          ...{ to, cmd: path, pol, lim, exp: expires(systemClock.now()), by: accountPerson(userInfo().username) },
          ...(from !== undefined && { from: await chainIn(from) }),
          ...(depth !== undefined && { dep: depth }),
          ...(obo !== undefined && { obo }),
        })
        if (out !== undefined) await writeFile(out, `${made.chain}\n`)
        print.result(made, (style) => (out === undefined ? made.chain : `Written to ${style.name(out)}`))
        print.note((style) =>
          facts(style, [
            ['chain', made.id],
            ['links', String(made.links.length)],
            ['to', made.audience],
            ['until', time(made.exp)],
            ['next', 'its operator runs: hansa delegation add FILE'],
          ]),
        )
        return undefined
      }),
    )
}

import type { StandingExplanation, StandingInfo } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { readDay } from '../day.ts'
import type { Style } from '../print.ts'
import { standingText, tierText } from '../standing-text.ts'
import { facts, table } from '../table.ts'

export function trustListCommand(cli: Cli): Command {
  return cli
    .command('list', {
      summary: 'list the standing of every kernel that is known',
      description:
        'Lists kernels that are configured, added or imported, and those of which the log says something, the highest score first. A score is 0 to 1000 and follows from the log of this node alone; a tier is what it permits a kernel that calls.',
      examples: ['hansa trust list', "hansa trust list --json | jq -r '.[] | select(.score < 300) | .did'"],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { ask } = await import('../control-client.ts')
        const all = await ask(home, 'trustList', {})
        print.result(all, (style) => (all.length === 0 ? 'No other kernel is known.' : listText(style, all)))
        return undefined
      }),
    )
}

function listText(style: Style, all: readonly StandingInfo[]): string {
  const rows = all.map(({ alias, score, tier, vouched, held, endorsing, did }) => [
    style.name(alias ?? '-'),
    String(score),
    tierText(style, tier),
    `${held ? style.bad('held by a proof') : vouched === undefined ? 'earned' : 'vouched'}${endorsing ? ', endorsed' : ''}`,
    did,
  ])
  return table(style, ['alias', 'score', 'tier', 'by', 'did'], rows)
}

export function trustShowCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show the standing of one kernel',
      examples: ['hansa trust show orgb', 'hansa trust show did:key:z6Mk… --json'],
    })
    .argument('<kernel>', 'alias or DID')
    .action(
      cli.action(async ({ home, print, args: [who] }) => {
        const { ask } = await import('../control-client.ts')
        const explained = await ask(home, 'trustExplain', { who })
        const { of, score, tier, integrity, reliability, endorsed, ceiling, vouched, held } = explained
        const shown = { did: of, score, tier, integrity, reliability, endorsed, ceiling, held }
        print.result(vouched === undefined ? shown : { ...shown, vouched }, (style) => showText(style, explained))
        return undefined
      }),
    )
}

function showText(style: Style, explained: StandingExplanation): string {
  const { of, score, tier, vouched, held } = explained
  const why = held ? 'held at 0 by a proof' : vouched === undefined ? 'earned' : `vouched for at ${vouched}`
  return facts(style, [
    ['kernel', of],
    ['score', `${style.bold(String(score))}, ${why}`],
    ['tier', tierText(style, tier)],
    ['permits', permits[tier]],
  ])
}

const permits: Readonly<Record<StandingExplanation['tier'], string>> = {
  blocked: 'nothing but the handshake and an appeal',
  probation: 'READ of unlabelled data, 20 calls in 24 hours',
  reader: 'READ of unlabelled data',
  trusted_reader: 'READ',
  trusted: 'what the rules permit',
}

type ExplainOptions = { log?: string; day?: number }

export function trustExplainCommand(cli: Cli): Command {
  return cli
    .command('explain', {
      summary: 'say what a score follows from, from the node or from a copy of its log',
      description:
        'Lists everything that the score of a kernel follows from: evidence by day and kind with what it still weighs and the rule that says so, the entries of the log behind it with their hashes, vouches, endorsements, and the score of the last days. With --log it is recomputed from the directory of a log, without a node: the same log gives the same bytes with --json, on every machine. Verify the log first: hansa verify.',
      examples: [
        'hansa trust explain orgb',
        'hansa trust explain did:key:z6Mk… --log copy-of-log --json',
        'hansa trust explain orgb --day 2026-11-01',
      ],
    })
    .argument('<kernel>', 'alias or DID; with --log a DID')
    .option('--log <directory>', 'recompute it from this log, or the log of this home')
    .option(
      '--day <date>',
      'the score of another day, in UTC (default: today; with --log the last day of the log)',
      readDay,
    )
    .action(
      cli.action<ExplainOptions>(async ({ home, print, options, args: [who] }) => {
        const { ask } = await import('../control-client.ts')
        const { log, day } = options
        const when = day === undefined ? {} : { day }
        if (log === undefined) {
          const explained = await ask(home, 'trustExplain', { who, ...when })
          print.result(explained, (style) => standingText(style, explained))
          return undefined
        }
        const { explainFromLog } = await import('../explain-log.ts')
        const explained = await explainFromLog({ directory: log, of: String(who), ...when })
        print.result(explained, (style) => standingText(style, explained))
        return undefined
      }),
    )
}

export function trustAskCommand(cli: Cli): Command {
  return cli
    .command('ask', {
      summary: 'ask a peer what this node may be trusted with there, and why',
      description:
        'Asks an imported kernel for the standing of this one in its log. It tells each kernel of itself only, without the persons who vouch for it. The entries that it names are of its log.',
      examples: ['hansa trust ask orgb', 'hansa trust ask orgb --json | jq .score'],
    })
    .argument('<peer>', 'alias or DID')
    .action(
      cli.action(async ({ home, print, args: [who] }) => {
        const { ask } = await import('../control-client.ts')
        const explained = await ask(home, 'trustAsk', { who })
        print.result(explained, (style) => standingText(style, explained))
        return undefined
      }),
    )
}

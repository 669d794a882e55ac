import { MAX_SEARCH_HITS, type Safety, type SearchAnswer, type SearchHit, safetyClasses } from '@hansa/protocols'
import { type Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { integer } from '../options.ts'
import type { Style } from '../print.ts'
import { tierText } from '../standing-text.ts'
import { counted } from '../table.ts'

type Options = {
  capability?: string
  prefix?: string
  tag?: string
  safety?: Safety
  version?: string
  minStanding?: number
  did?: string
  limit?: number
}

export function searchCommand(cli: Cli): Command {
  return cli
    .command('search', {
      summary: 'search what other kernels offer, as this node knows it',
      description:
        'Searches the manifests of other kernels that this node keeps, and asks nobody. What fits best and is trusted most comes first, each with the reason. What a kernel says of itself is signed, and nobody has checked that it is so: look at its standing, and import it with: hansa discover --did DID, hansa import.',
      examples: [
        'hansa search "invoice totals"',
        'hansa search --capability billing.list_invoices --min-standing 500',
        'hansa search --prefix billing. --safety READ --version "^1.2"',
        'hansa search weather --json | jq -r ".hits[0].did"',
      ],
    })
    .argument('[query...]', 'words in title, description, id and tags (default: none, so that only options decide)')
    .option('--capability <id>', 'only this capability')
    .option('--prefix <text>', 'only capabilities whose id begins like this')
    .option('--tag <tag>', 'only with this tag or sensitivity')
    .addOption(new Option('--safety <class>', 'only of this class').choices([...safetyClasses]))
    .option('--version <range>', 'only versions in this range, such as 1.x, ^1.2 or ">=1.2 <2"')
    .option('--min-standing <points>', 'only kernels whose score here is at least this', integer('A score', 0, 1000))
    .option('--did <did>', 'only of this kernel')
    .option('--limit <count>', 'hits at most (default: 20)', integer('A limit', 1, MAX_SEARCH_HITS))
    .action(
      cli.action<Options>(async ({ home, print, options, args: [words] }) => {
        const { ask } = await import('../control-client.ts')
        const { capability, prefix, tag, safety, version, minStanding, did, limit } = options
        const query = (words as string[]).join(' ')
        const answer = await ask(home, 'search', {
          ...(query !== '' && { query }),
          ...(capability !== undefined && { capability }),
          ...(prefix !== undefined && { prefix }),
          ...(tag !== undefined && { tag }),
          ...(safety !== undefined && { safety }),
          ...(version !== undefined && { version }),
          ...(minStanding !== undefined && { minStanding }),
          ...(did !== undefined && { did }),
          ...(limit !== undefined && { limit }),
        })
        print.result(answer, (style) => answerText(style, answer))
        return undefined
      }),
    )
}

function answerText(style: Style, { hits, matches, kernels, partial }: SearchAnswer): string {
  if (hits.length === 0) return `Nothing fits among the manifests of ${counted(kernels, 'kernel')}.`
  const more = matches > hits.length ? `, of ${partial === true ? 'more than ' : ''}${matches}` : ''
  const summary = `${counted(hits.length, 'hit')}${more}, in the manifests of ${counted(kernels, 'kernel')}.`
  return [...hits.map((hit) => hitText(style, hit)), summary].join('\n\n')
}

/** Each text of a stranger on a line of its own: it holds no line end, and passes for nothing else. */
function hitText(style: Style, hit: SearchHit): string {
  const { capability, version, safety, title, description, name, did, standing, tags, reason, rules } = hit
  const found = rules.length === 0 ? [] : [style.warn(`the firewall found: ${rules.join(', ')}`)]
  const lines = [
    `${tierText(style, standing.tier)} ${standing.score}  ${did}${name === undefined ? '' : `  "${name}"`}`,
    ...(title === '' ? [] : [`"${title}"`]),
    ...(description === '' ? [] : [style.dim(`"${description}"`)]),
    ...(tags.length === 0 ? [] : [style.dim(tags.join(', '))]),
    ...found,
    style.dim(reason),
  ]
  return [`${style.name(capability)}  ${version}  ${safety}`, ...lines.map((line) => `  ${line}`)].join('\n')
}

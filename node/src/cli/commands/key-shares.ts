import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_KEY_SHARE_BYTES } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { failed, usage } from '../errors.ts'
import { integer } from '../options.ts'
import { table } from '../table.ts'

type SplitOptions = { needed: number; holders: number; out: string; key?: string }

export function splitCommand(cli: Cli): Command {
  return cli
    .command('split', {
      summary: 'put the update key into shares for several holders, and take it away here',
      description:
        'Writes shares of the update key of the identity, or of a recovery key (--key), each into a file of mode 0600, and removes the key itself. Two of three, or as many as --needed says, give it back with hansa key join; fewer say nothing about it. Give each share to another person. When a holder leaves: join, hansa key renew, and split the new key; the old shares are worth nothing then. Needs no node; a node runs on without the key until its log needs an entry.',
      examples: [
        'hansa key split --out /media/shares',
        'hansa key split --needed 3 --holders 5 --out /media/shares',
        'hansa key split --key orgb-recovery.key --out /media/shares',
      ],
    })
    .option('--needed <n>', 'how many shares give the key back', integer('--needed', 2, 16), 2)
    .option('--holders <n>', 'how many shares there are', integer('--holders', 2, 16), 3)
    .requiredOption('--out <directory>', 'where the shares are written; none of them may exist')
    .option('--key <file>', 'the key that is split (default: keys/update.key of the home)')
    .action(
      cli.action<SplitOptions>(async ({ home, print, options }) => {
        const { needed, holders, out } = options
        if (needed > holders) throw usage(`${needed} of ${holders} shares cannot give a key back.`)
        const key = options.key ?? (await updateKeyOf(home))
        const { splitKeyFile } = await import('../key-share-files.ts')
        const shares = await splitKeyFile(key, { needed, of: holders, pathOf: (n) => join(out, `share-${n}.json`) })
        print.result({ needed, holders, files: shares, removed: key }, (style) =>
          [
            table(
              style,
              ['share', 'file'],
              shares.map((file, at) => [`${at + 1} of ${holders}`, style.name(file)]),
            ),
            `${key} is gone; ${needed} of these give it back: hansa key join FILE FILE`,
          ].join('\n'),
        )
        return undefined
      }),
    )
}

export function joinCommand(cli: Cli): Command {
  return cli
    .command('join', {
      summary: 'put the update key back from its shares',
      description:
        'Puts shares together and writes the key to its place, for hansa key rotate, renew and revoke. Refuses shares of two splittings, and those of a key that the log of the identity no longer commits to: a holder who has left cannot bring it back. Needs no node.',
      examples: [
        'hansa key join /media/ana/share-1.json /media/ben/share-2.json',
        'hansa key join share-1.json share-3.json --out orgb-recovery.key',
      ],
    })
    .argument('<files...>', 'as many shares as are needed, each of another number')
    .option('--out <file>', 'where the key is written, when it is not the update key of the home')
    .action(
      cli.action<{ out?: string }>(async ({ home, print, options: { out }, args }) => {
        const files = args.flat().map(String)
        const { joinKeyShares } = await import('../key-share-files.ts')
        const shares = await Promise.all(files.map(bounded))
        const written = await joinKeyShares(
          shares,
          out ?? (await updateKeyOf(home)),
          out === undefined ? home : undefined,
        )
        print.result(written, (style) => `${style.good('Put back')}: ${written.file}`)
        return undefined
      }),
    )
}

async function updateKeyOf(home: string): Promise<string> {
  const { requireNode } = await import('../require-node.ts')
  const { homePaths } = await import('../../home/home-paths.ts')
  const { hasDidLog } = await import('../../home/identity-home.ts')
  await requireNode(home)
  const paths = homePaths(home)
  if (await hasDidLog(paths)) return paths.updateKey
  throw failed('The identity of this node is its key (did:key), so it has no update key. See docs/guides/identity.md')
}

async function bounded(file: string): Promise<{ file: string; text: string }> {
  const found = await stat(file).catch(() => undefined)
  if (found?.isFile() !== true || found.size > MAX_KEY_SHARE_BYTES) throw usage(`${file} is no share of a key.`)
  return { file, text: await readFile(file, 'utf8') }
}

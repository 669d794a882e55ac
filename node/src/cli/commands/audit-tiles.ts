import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usage } from '../errors.ts'
import { integer } from '../options.ts'
import { counted, facts } from '../table.ts'

type Options = { log?: number; hashesOnly?: boolean }

export function auditTilesCommand(cli: Cli): Command {
  return cli
    .command('tiles', {
      summary: 'write the log as static files that any web server can give out',
      description:
        'Writes the log, as far as it is signed, in the form of C2SP tlog-tiles: a checkpoint, tiles of hashes, and tiles of entries. Called again, it adds what is new; a file is there whole or not at all. Entries tell who called what: whoever is given them can read that. Works with the node running or not, and changes nothing in its home. The directory is verified with: hansa verify DIR',
      examples: [
        'hansa audit tiles /srv/www/hansa/log/1',
        'hansa audit tiles /srv/www/hansa/log/1 --hashes-only --json',
        'hansa audit tiles old-log --log 1',
      ],
    })
    .argument('<dir>', 'where it goes; it is made, or holds an earlier state of the same log')
    .option('--hashes-only', 'leave the entries out')
    .option('--log <n>', 'number of a log that was frozen (default: the one that is written)', integer('--log', 1, 1e9))
    .action(
      cli.action<Options>(async ({ home, print, stderr, options, args: [dir] }) => {
        const { fileTileStore, writeTiles } = await import('@hansa/trust/ledger')
        const { progress } = await import('../progress.ts')
        const directory = resolve(String(dir))
        const { number, directory: log } = await logOf(home, options.log)
        const hashesOnly = options.hashesOnly === true
        const line = await progress(print, stderr, 'Reading the log')
        const written = await writeTiles(log, fileTileStore(directory), {
          hashesOnly,
          progress: (files, all) => line.show(`Writing: ${files} of ${all} files`),
        }).finally(() => line.stop())
        print.result({ directory, log: number, hashesOnly, ...written }, (style) => {
          const { origin, size, before, root, hashTiles, entryTiles, bytes } = written
          const entries = hashesOnly ? 'left out' : `${counted(entryTiles, 'tile')} written`
          return facts(style, [
            ['directory', style.name(directory)],
            ['log', origin],
            ['entries', `${size} under the checkpoint${before === 0 ? '' : `, ${size - before} more than before`}`],
            ['root', root],
            ['hashes', `${counted(hashTiles, 'tile')} written`],
            ['content', entries],
            ['written', `${(bytes / 1024).toFixed(1)} KiB`],
          ])
        })
        if (!hashesOnly) print.note((style) => style.dim('The entries there tell who called what, and when.'))
        return undefined
      }),
    )
}

async function logOf(home: string, wanted: number | undefined) {
  const { homePaths } = await import('../../home/home-paths.ts')
  const { numberedLogs } = await import('../../home/published-logs.ts')
  const logs = await numberedLogs(homePaths(home))
  const found = wanted === undefined ? logs[0] : logs.find(({ number }) => number === wanted)
  if (found !== undefined) return found
  if (logs.length === 0) throw usage(`There is no log in ${home} yet. A node writes one when it runs: hansa up`)
  throw usage(`There is no log ${wanted} in ${home}; there is ${logs.map(({ number }) => number).join(', ')}.`)
}

import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { facts, table, time } from '../table.ts'

export function keyCommand(cli: Cli): Command {
  return cli.group('key', 'show the public side of the keys of this node', [showCommand(cli)])
}

function showCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show who this node is, and where its keys lie',
      description:
        'Shows the identity, the key of the log and the key under which this node cosigns the logs of others, all as others are given them, and the key files with their modes and ages. No secret is shown. The node need not run.',
      examples: ['hansa key show', 'hansa key show --json | jq -r .log.vkey'],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { readPublicKeys } = await import('../public-keys.ts')
        const keys = await readPublicKeys(home)
        const { did, fingerprint, log, witness, files } = keys
        print.result(keys, (style) => {
          const rows = files.map(({ key, mode, made, path }) => [
            key,
            mode === '0600' ? style.good(mode) : style.bad(mode),
            time(made),
            path,
          ])
          const about = facts(style, [
            ['did', style.name(did)],
            ['fingerprint', fingerprint],
            ['log', log.origin],
            ['log key', log.vkey],
            ['witness key', witness?.vkey],
          ])
          return `${about}\n\n${table(style, ['key', 'mode', 'written', 'file'], rows)}`
        })
        return undefined
      }),
    )
}

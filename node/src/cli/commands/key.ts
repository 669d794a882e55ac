import type { Command } from 'commander'
import { systemClock } from '../../system-clock.ts'
import type { Cli } from '../cli.ts'
import { usage } from '../errors.ts'
import { keysText } from '../keys-text.ts'
import { MOMENT_HELP, type Moment, moment } from '../moment.ts'
import { integer } from '../options.ts'
import { facts, table, time } from '../table.ts'
import { recoverCommand, recoveryCommand, renewCommand } from './key-recovery.ts'
import { joinCommand, splitCommand } from './key-shares.ts'

const MAX_DELAY_SECONDS = 2_592_000

export function keyCommand(cli: Cli): Command {
  return cli.group('key', 'show the keys of this node, and change the one of its identity', [
    showCommand(cli),
    rotateCommand(cli),
    revokeCommand(cli),
    renewCommand(cli),
    recoveryCommand(cli),
    recoverCommand(cli),
    splitCommand(cli),
    joinCommand(cli),
  ])
}

function showCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show who this node is, and where its keys lie',
      description:
        'Shows the identity with every key that it ever had and when each was valid, the key of the log and the key under which this node cosigns the logs of others, all as others are given them, and the key files with their modes and ages. No secret is shown. The node need not run.',
      examples: ['hansa key show', 'hansa key show --json | jq -r .log.vkey'],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { readPublicKeys } = await import('../public-keys.ts')
        const shown = await readPublicKeys(home)
        const { did, fingerprint, log, witness, keys, files } = shown
        print.result(shown, (style) => {
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
          const timed = keys.some(({ from }) => from !== undefined) ? `${keysText(style, keys)}\n\n` : ''
          return `${about}\n\n${timed}${table(style, ['key', 'mode', 'written', 'file'], rows)}`
        })
        return undefined
      }),
    )
}

function rotateCommand(cli: Cli): Command {
  return cli
    .command('rotate', {
      summary: 'put a new key in the place of the one that signs',
      description:
        'Announces a new key in the document of the identity. It signs after the delay, and the old one leaves the document when nothing that it signed is in use any more. Peers follow by themselves and no call fails: they look at the document every five minutes, and at once, but at most every ten seconds, for a key that they do not know. Only for an identity with a log (did:webvh), of a node that runs.',
      examples: ['hansa key rotate', 'hansa key rotate --delay 60', 'hansa key rotate --json'],
    })
    .option(
      '--delay <seconds>',
      'until the new key signs (default: identity.announce_seconds, 600)',
      integer('--delay', 0, MAX_DELAY_SECONDS),
    )
    .action(
      cli.action<{ delay?: number }>(async ({ home, print, options: { delay } }) => {
        const { ask } = await import('../control-client.ts')
        const rotated = await ask(home, 'rotateKey', delay === undefined ? {} : { delay })
        print.result(rotated, (style) => `${keysText(style, rotated.keys)}\n\nMake a backup: hansa backup`)
        return undefined
      }),
    )
}

type RevokeOptions = { compromisedSince?: Moment; reason?: string }

function revokeCommand(cli: Cli): Command {
  return cli
    .command('revoke', {
      summary: 'say that a key is compromised',
      description:
        'Writes into the log of the identity since when a key was in other hands, and tells the peers that are connected. What it signed from then on proves nothing. If it is the key that signs, another one takes its place at once. There is no way back.',
      examples: [
        'hansa key revoke z6Mk… --compromised-since 2d --reason "laptop stolen"',
        'hansa key revoke did:webvh:…#z6Mk… --compromised-since 2026-11-20T08:00Z --reason "key file copied"',
      ],
    })
    .argument('<kid>', 'the key, as hansa key show names it; what stands behind the # is enough')
    .option('--compromised-since <time>', `since when: ${MOMENT_HELP}`, moment('--compromised-since'))
    .option('--reason <text>', 'why; peers read it')
    .action(
      cli.action<RevokeOptions>(async ({ home, print, options, args: [given] }) => {
        const kid = String(given)
        const { compromisedSince, reason } = options
        if (compromisedSince === undefined) throw usage('Say since when: --compromised-since 2d, or a date.')
        if (reason === undefined || reason === '') throw usage('Say why: --reason TEXT.')
        const { ask } = await import('../control-client.ts')
        const known = await ask(home, 'identityKeys', {})
        const full = kid.includes('#') ? kid : `${known.did}#${kid}`
        const since = Math.floor(compromisedSince(systemClock.now()) / 1000)
        const revoked = await ask(home, 'revokeKey', { kid: full, compromisedSince: since, reason })
        print.result(revoked, (style) => `${keysText(style, revoked.keys)}\n\nMake a backup: hansa backup`)
        return undefined
      }),
    )
}

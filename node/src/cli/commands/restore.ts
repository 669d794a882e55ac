import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { RestoredHome } from '../../backup/restore-home.ts'
import type { Cli } from '../cli.ts'
import { integer } from '../options.ts'
import type { Style } from '../print.ts'
import { bytes, counted, facts, time } from '../table.ts'

type Options = { passphraseFile?: string; nothingLost?: boolean; logNumber?: number }

export function restoreCommand(cli: Cli): Command {
  return cli
    .command('restore', {
      summary: 'make a node out of a backup',
      description:
        'Checks a backup completely and makes a node out of it in an empty home, or nothing at all. The node is the same kernel, with the same identity. Its log is frozen where the backup ends, kept and still verified, and a new log with a new key follows it: two nodes must never write one log. So kernels that import this one stop calling it until their operators import it again. Tokens and approvals of before are no longer valid, and for a day a call that may repeat a forgotten one is refused. Never start the node that the backup was made of again.',
      examples: [
        'hansa restore orga.hansa-backup --home ./orga',
        'hansa restore orga.hansa-backup --home ./orga --passphrase-file ~/.hansa-passphrase',
        'hansa restore moved.hansa-backup --home /srv/hansa --nothing-lost',
      ],
    })
    .argument('<file>', 'a backup that `hansa backup` made')
    .option('--passphrase-file <file>', 'file of mode 0600 whose first line is the passphrase')
    .option('--nothing-lost', 'the node did not run after the backup, so there is no forgotten call')
    .option(
      '--log-number <n>',
      'number of the new log, when this backup was restored before (default: the next one)',
      integer('--log-number', 2, 999_999_999),
    )
    .action(
      cli.action<Options>(async ({ home, print, stdin, stderr, options, args, environment }) => {
        const file = resolve(String(args[0]))
        const { restoreHome } = await import('../../backup/restore-home.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const { passphraseOf } = await import('../backup-passphrase.ts')
        const { progress } = await import('../progress.ts')
        const passphrase = await passphraseOf(file, options.passphraseFile, { stdin, stderr })
        const line = await progress(print, stderr, 'Reading the backup')
        try {
          const restored = await restoreHome({
            file,
            home,
            passphrase,
            reason: options.nothingLost === true ? 'moved' : 'restored',
            number: options.logNumber,
            clock: systemClock,
            onProgress: (done) => line.show(`Unpacking: ${bytes(done)}`),
          })
          line.stop()
          const flag = home === environment.home ? '' : ` --home ${home}`
          print.result(restored, (style) => text(style, restored, flag, options.nothingLost === true))
          return undefined
        } finally {
          line.stop()
        }
      }),
    )
}

function text(style: Style, restored: RestoredHome, flag: string, nothingLost: boolean): string {
  const { did, home, created, frozen, log, skipped } = restored
  const head = facts(style, [
    ['restored', style.name(did)],
    ['home', home],
    ['backup of', time(created)],
    ['frozen log', frozen && `${frozen.origin}, ${counted(frozen.size, 'entry', 'entries')}`],
    ['new log', log.origin],
    ['new log key', log.vkey],
    ['left out', skipped.length === 0 ? undefined : skipped.join(', ')],
  ])
  const doubt = nothingLost
    ? []
    : ['For a day, a call that may repeat one from after the backup is answered with outcome_unknown.']
  return [
    head,
    '',
    'What changes:',
    ...[
      'Tokens and approvals from before are no longer valid; grant and ask again.',
      'Kernels that import this one block it until their operators run: hansa import',
      'Whoever counts this kernel as a witness needs its new witness key: hansa key show',
      ...doubt,
      'Credentials of agents that were removed after the backup are valid again: see hansa agent list',
      'The node that the backup was made of must not run again.',
    ].map((one) => `  ${one}`),
    '',
    'Next:',
    `  hansa doctor${flag}`,
    `  hansa up${flag}`,
  ].join('\n')
}

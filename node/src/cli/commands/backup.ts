import { resolve } from 'node:path'
import type { BackupManifest } from '@hansa/protocols'
import type { Command } from 'commander'
import type { Cli, Invocation } from '../cli.ts'
import { usage } from '../errors.ts'
import type { Style } from '../print.ts'
import { bytes, counted, facts, time } from '../table.ts'

type Options = { passphraseFile?: string; plain?: boolean; verify?: boolean; content?: boolean }

export function backupCommand(cli: Cli): Command {
  return cli
    .command('backup', {
      summary: 'copy a node into one file, or check such a file',
      description:
        'Copies a node into one file, whether it runs or not: keys, configuration, policies and other files of its home, its state, and its log up to the last signed checkpoint. The file is of mode 0600 and holds private keys: whoever has it is the node. With a passphrase it is encrypted (scrypt, AES-256-GCM); at a terminal you are asked for one, elsewhere it comes from --passphrase-file. Kept content of calls is left out, unless --content asks for it: a backup that holds it keeps what is erased later. With --verify a backup is checked completely instead: every file by its hash, the keys, and the log as `hansa verify` does.',
      examples: [
        'hansa backup',
        'hansa backup /mnt/backups/orga.hansa-backup --passphrase-file ~/.hansa-passphrase',
        'hansa backup --verify /mnt/backups/orga.hansa-backup --passphrase-file ~/.hansa-passphrase',
      ],
    })
    .argument('[file]', 'the backup (default: hansa-backup-TIME.hansa-backup in this directory)')
    .option('--passphrase-file <file>', 'file of mode 0600 whose first line is the passphrase')
    .option('--plain', 'do not encrypt and do not ask')
    .option('--content', 'take kept content of calls along, with its keys')
    .option('--verify', 'check this backup, and make none')
    .action(
      cli.action<Options>(async (invocation) => {
        const { options, args } = invocation
        const [file] = args
        if (options.plain === true && options.passphraseFile !== undefined)
          throw usage('Give --plain or --passphrase-file, not both.')
        if (options.verify === true) {
          if (typeof file !== 'string') throw usage('Name the backup to check: hansa backup --verify FILE')
          await check(invocation, resolve(file))
        } else await make(invocation, typeof file === 'string' ? resolve(file) : undefined)
        return undefined
      }),
    )
}

async function make(invocation: Invocation<Options>, file: string | undefined): Promise<void> {
  const { home, print, stderr } = invocation
  const { requireNode } = await import('../require-node.ts')
  await requireNode(home)
  const { backUpHome, noteBackup } = await import('../../backup/back-up-home.ts')
  const { fileTime } = await import('../../home/snapshot-state.ts')
  const { systemClock } = await import('../../system-clock.ts')
  const { ask } = await import('../control-client.ts')
  const { progress } = await import('../progress.ts')
  const nowMs = systemClock.now()
  const path = file ?? resolve(`hansa-backup-${fileTime(nowMs)}.hansa-backup`)
  const passphrase = await newPassphrase(invocation)
  const line = await progress(print, stderr, 'Reading the node')
  try {
    const made = await backUpHome({
      home,
      path,
      passphrase,
      nowMs,
      content: invocation.options.content === true,
      askNode: async () => (await ask(home, 'snapshotState', {})).path,
      onProgress: (done, all) => line.show(`Copying: ${bytes(done)} of ${bytes(all)}`),
    })
    await noteBackup(home, made, path)
    line.stop()
    const { manifest, bytes: size, running } = made
    const sealed = passphrase !== undefined
    print.result({ file: path, bytes: size, encrypted: sealed, running, ...summaryOf(manifest) }, (style) =>
      [
        text(style, manifest, path, size),
        sealed
          ? 'It is encrypted. Without the passphrase it is lost; keep that elsewhere.'
          : style.warn('It holds the private keys of the node and is not encrypted: whoever has it is the node.'),
        `Check it with: hansa backup --verify ${path}`,
      ].join('\n'),
    )
  } finally {
    line.stop()
  }
}

async function newPassphrase({ options, stdin, stderr, print }: Invocation<Options>): Promise<string | undefined> {
  const { askNewPassphrase, isTerminal, passphraseFrom } = await import('../passphrase.ts')
  if (options.passphraseFile !== undefined) return passphraseFrom(options.passphraseFile, { fresh: true })
  if (options.plain === true || !print.watched || !isTerminal({ stdin, stderr })) return undefined
  return askNewPassphrase({ stdin, stderr })
}

async function check({ print, stderr, stdin, options }: Invocation<Options>, file: string): Promise<void> {
  const { verifyBackup } = await import('../../backup/verify-backup.ts')
  const { passphraseOf } = await import('../backup-passphrase.ts')
  const { progress } = await import('../progress.ts')
  const passphrase = await passphraseOf(file, options.passphraseFile, { stdin, stderr })
  const line = await progress(print, stderr, 'Reading the backup')
  try {
    const onProgress = (done: number) => line.show(`Checking: ${bytes(done)}`)
    const manifest = await verifyBackup({ file, passphrase, onProgress })
    line.stop()
    print.result({ ok: true, file, encrypted: passphrase !== undefined, ...summaryOf(manifest) }, (style) =>
      [`${style.good('The backup is whole, and its log verifies.')}`, text(style, manifest, file)].join('\n'),
    )
  } finally {
    line.stop()
  }
}

function summaryOf({ did, created, home, log, files, skipped }: BackupManifest) {
  return { did, created, home, log: log?.checkpoint ?? null, files: files.length, skipped }
}

function text(
  style: Style,
  { did, created, log, files, skipped }: BackupManifest,
  path: string,
  size?: number,
): string {
  const entries = log === null ? 'none: the node had not run yet' : counted(log.checkpoint.size, 'entry', 'entries')
  return facts(style, [
    ['backup', size === undefined ? path : `${path}, ${bytes(size)}`],
    ['of', did],
    ['made', time(created)],
    ['log', log === null ? entries : `${entries} of ${log.checkpoint.origin}`],
    ['root', log?.checkpoint.root],
    ['files', `${counted(files.length, 'file')}, each with its SHA-256`],
    ['left out', skipped.length === 0 ? undefined : `${skipped.join(', ')} (a backup holds only files)`],
  ])
}

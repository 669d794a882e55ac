import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { failed, usage } from '../errors.ts'
import { keysText } from '../keys-text.ts'
import { integer } from '../options.ts'
import { facts } from '../table.ts'

const MULTIKEY = /^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/

export function recoveryCommand(cli: Cli): Command {
  return cli
    .command('recovery', {
      summary: 'make a recovery key, with no node',
      description:
        'Makes a key that can undo what the update key of an identity has signed, and prints its public part. The file is written where you say, with mode 0600: keep it away from the host, or in shares (hansa key split). It can undo nothing before the log of the identity names it: hansa key renew --recovery.',
      examples: ['hansa key recovery /media/safe/orgb-recovery.key'],
    })
    .argument('<file>', 'where it is written; there must be none')
    .action(
      cli.action(async ({ print, args: [file] }) => {
        const { createKeyFile, multikeyOf } = await import('@hansa/trust')
        const { publicKey } = await createKeyFile(String(file), 'update-ed25519')
        const key = multikeyOf(publicKey)
        print.result({ key, file: String(file) }, () => key)
        return undefined
      }),
    )
}

export function renewCommand(cli: Cli): Command {
  return cli
    .command('renew', {
      summary: 'make a new update key, and name the recovery key',
      description:
        'Adds an entry to the log of the identity that commits to a new update key. Whoever has the one before, or shares of it, has nothing then: do this when a holder leaves. With --recovery the log names a key from now on that can undo for 72 hours what the update key signs. Needs the update key in its place. Only for an identity with a log (did:webvh), of a node that runs.',
      examples: ['hansa key renew', 'hansa key renew --recovery z6Mk…', 'hansa key renew --no-recovery'],
    })
    .option('--recovery <key>', 'public part of the recovery key, as hansa key recovery prints it (default: as it is)')
    .option('--no-recovery', 'no key can undo anything any more')
    .action(
      cli.action<{ recovery?: string | boolean }>(async ({ home, print, options: { recovery } }) => {
        const { ask } = await import('../control-client.ts')
        if (typeof recovery === 'string' && !MULTIKEY.test(recovery)) throw notAKey(recovery)
        const asked = typeof recovery === 'string' ? { recovery } : recovery === false ? { recovery: null } : {}
        const renewed = await ask(home, 'renewUpdateKey', asked)
        print.result(
          renewed,
          (style) =>
            `${keysText(style, renewed.keys)}\n\nThe update key is new. Make a backup, or give shares of it: hansa key split`,
        )
        return undefined
      }),
    )
}

type RecoverOptions = { keep?: number; nextRecovery?: string }

export function recoverCommand(cli: Cli): Command {
  return cli
    .command('recover', {
      summary: 'undo what was written into the log of the identity, with the recovery key',
      description:
        'For when somebody has the update key: puts an entry signed by the recovery key in the place of what they wrote, with new keys for everything. Peers that saw what is undone take the new history when they saw it less than 72 hours ago; later it is a fork, and they have to be asked. Nobody undoes what the recovery key has signed. The node must be stopped; it publishes the log when it starts again.',
      examples: [
        'hansa key recover /media/safe/orgb-recovery.key',
        'hansa key recover orgb-recovery.key --keep 3 --next-recovery z6Mk… --home orgb',
      ],
    })
    .argument('<file>', 'the recovery key, made by hansa key recovery')
    .option(
      '--keep <n>',
      'how many entries of the log kept here stay (default: all of them, when they wrote elsewhere)',
      integer('--keep', 1, 1_000),
    )
    .option('--next-recovery <key>', 'public part of the key that can undo from now on (default: none)')
    .action(
      cli.action<RecoverOptions>(async ({ home, print, options: { keep, nextRecovery }, args: [file] }) => {
        if (nextRecovery !== undefined && !MULTIKEY.test(nextRecovery)) throw notAKey(nextRecovery)
        const { nextKeyHash, readKeyFile } = await import('@hansa/trust')
        const { requireNode } = await import('../require-node.ts')
        const { homePaths } = await import('../../home/home-paths.ts')
        const { hasDidLog, homeIdentityFiles } = await import('../../home/identity-home.ts')
        const { isRunning } = await import('../../start/is-running.ts')
        const { recoverIdentity } = await import('../../identity/recover-identity.ts')
        const { systemClock } = await import('../../system-clock.ts')
        await requireNode(home)
        const paths = homePaths(home)
        if (!(await hasDidLog(paths))) throw failed(NO_LOG)
        if (await isRunning(paths)) throw failed(`A node is running in ${home}. Stop it first: its keys change.`)
        const recovered = await recoverIdentity({
          files: homeIdentityFiles(paths),
          recovery: await readKeyFile(String(file), 'update-ed25519'),
          keep,
          nextRecovery: nextRecovery === undefined ? undefined : nextKeyHash(nextRecovery),
          nowMs: systemClock.now(),
        })
        print.result(recovered, (style) =>
          facts(style, [
            ['did', style.name(recovered.did)],
            ['signs now', recovered.kid.slice(recovered.kid.indexOf('#') + 1)],
            ['entry', `${recovered.version} of the log; ${recovered.undone} undone`],
            ['next', nextRecovery === undefined ? NEXT_WITHOUT : NEXT],
          ]),
        )
        return undefined
      }),
    )
}

const NO_LOG =
  'The identity of this node is its key (did:key), so there is no log to recover. See docs/guides/identity.md'
const NEXT = 'start the node, make a backup, and ask peers that do not follow to add it anew'
const NEXT_WITHOUT = `${NEXT}. No recovery key is named: hansa key renew --recovery`

function notAKey(text: string) {
  return usage(`${text} is no public key, such as z6Mk… of hansa key recovery.`)
}

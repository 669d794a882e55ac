/**
 * Brings a home of an older format to this one, in steps that can each be done again: whatever ends the process between
 * or in the middle of them, the next start goes on. The file `format` is written last, so it never says too much.
 *
 * The log's own lock is held meanwhile. A node of an older version that still runs in the home holds it too.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '@hansa/trust'
import { fileLogDisk } from '@hansa/trust/ledger'
import { systemClock } from '../system-clock.ts'
import { HomeError } from './errors.ts'
import { exists } from './has-node.ts'
import { HOME_FORMAT, readFormat, writeFormat } from './home-format.ts'
import { formatOnePaths, homePaths } from './home-paths.ts'
import { fileTime } from './snapshot-state.ts'

export type MigrationStep = 'backup' | 'keys_directory' | 'identity' | 'logKey' | 'secret' | 'format'

export type MigrateHomeInit = {
  /** Whether everything is copied into `backups/` first. @default true */
  backup?: boolean
  /** Names the backup. @default now */
  nowMs?: number
  /** Called after each step, when it is durable. */
  onStep?(step: MigrationStep): void | Promise<void>
}

/**
 * From format 1: the three secrets move into `keys/`.
 * @throws HomeError `home_migration`; LedgerError `log_locked` while another process has the home.
 */
export async function migrateHome(
  root: string,
  { backup = true, nowMs = systemClock.now(), onStep = () => {} }: MigrateHomeInit = {},
): Promise<void> {
  const paths = homePaths(root)
  const release = await fileLogDisk(paths.log).lock()
  try {
    // Another process may have been faster.
    if ((await readFormat(root)) !== 1) return
    // When the steps have begun, the backup was made before them.
    if (backup && !(await exists(paths.keys))) await keepOld(root, nowMs)
    await onStep('backup')
    await mkdir(paths.keys, { recursive: true, mode: 0o700 })
    await syncDirectory(root)
    await onStep('keys_directory')
    for (const key of ['identity', 'logKey', 'secret'] as const) {
      await move(root, formatOnePaths(root)[key], paths[key])
      await onStep(key)
    }
    await writeFormat(root)
    await onStep('format')
  } finally {
    await release()
  }
}

/** In plain, like the home itself: the secrets in it lie beside it under the same rights. */
async function keepOld(root: string, nowMs: number): Promise<void> {
  const { backups } = homePaths(root)
  await mkdir(backups, { recursive: true, mode: 0o700 })
  const { backUpHeldHome } = await import('../backup/back-up-home.ts')
  const path = join(backups, `before-hansa-home-${HOME_FORMAT}-${fileTime(nowMs)}.hansa-backup`)
  // Whole, and made within this second by a process that was ended behind this step.
  if (await exists(path)) return
  for (const name of await readdir(backups)) {
    // Left by a process that was ended in the middle of writing it; the lock says that it is gone.
    if (name.startsWith('before-hansa-home-') && name.endsWith('.part')) await rm(join(backups, name), { force: true })
  }
  await backUpHeldHome({ home: root, path, nowMs })
}

async function move(root: string, from: string, to: string): Promise<void> {
  const [old, moved] = [await exists(from), await exists(to)]
  if (old && moved) {
    const message = `${root} holds both ${from} and ${to}, and one of them is not its own. Move the wrong one elsewhere, then start again.`
    throw new HomeError({ code: 'home_migration', path: root }, message)
  }
  if (!old) return
  await rename(from, to)
  await syncDirectory(homePaths(root).keys)
  await syncDirectory(root)
}

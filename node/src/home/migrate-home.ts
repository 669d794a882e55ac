/**
 * Brings a home of an older format to this one, in steps that can each be done again: whatever ends the process between
 * or in the middle of them, the next start goes on. The file `format` is written last, so it never says too much.
 *
 * The log's own lock is held meanwhile. A node of an older version that still runs in the home holds it too.
 */
import { mkdir, rename } from 'node:fs/promises'
import { fileLogDisk } from '@hansa/trust/ledger'
import { HomeError } from './errors.ts'
import { exists } from './has-node.ts'
import { readFormat, syncDirectory, writeFormat } from './home-format.ts'
import { formatOnePaths, homePaths } from './home-paths.ts'

export type MigrationStep = 'keys_directory' | 'identity' | 'logKey' | 'secret' | 'format'

export type MigrateHomeInit = {
  /** Called after each step, when it is durable. */
  onStep?(step: MigrationStep): void | Promise<void>
}

/**
 * From format 1: the three secrets move into `keys/`.
 * @throws HomeError `home_migration`; LedgerError `log_locked` while another process has the home.
 */
export async function migrateHome(root: string, { onStep = () => {} }: MigrateHomeInit = {}): Promise<void> {
  const paths = homePaths(root)
  const release = await fileLogDisk(paths.log).lock()
  try {
    // Another process may have been faster.
    if ((await readFormat(root)) !== 1) return
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

/** Makes a backup of a home, of a node that runs or does not. */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupManifest, Did } from '@hansa/protocols'
import { openDatabase } from '@hansa/storage'
import { readSecretFile } from '@hansa/trust'
import { fileLogDisk, LedgerError, noteKey } from '@hansa/trust/ledger'
import { readFormat } from '../home/home-format.ts'
import { formatOnePaths, homePaths } from '../home/home-paths.ts'
import { readIdentity } from '../home/identity-home.ts'
import { keepCopy } from '../home/snapshot-state.ts'
import { failed } from './errors.ts'
import { homeFiles } from './home-files.ts'
import { withoutContent } from './without-content.ts'
import { writeBackup } from './write-backup.ts'

export type BackUpHomeInit = {
  home: string
  /** Of the new file. */
  path: string
  passphrase?: string | undefined
  nowMs: number
  /** Takes kept content along, and the keys without which it is nothing. @default false */
  content?: boolean
  /** Has the running node copy its state. @returns the path of the copy */
  askNode?(): Promise<string>
  onProgress?(done: number, all: number): void
}

export type MadeBackup = { manifest: BackupManifest; bytes: number; running: boolean }

/**
 * @throws HomeError `home_newer`, `home_format`; BackupError `backup_exists`, `backup_failed`; KeyFileError; what
 * `askNode` throws.
 */
export async function backUpHome(init: BackUpHomeInit): Promise<MadeBackup> {
  const release = await takeLog(init.home)
  if (release === undefined && init.askNode === undefined) {
    throw failed(init.home, 'is in use by a node that does not answer')
  }
  try {
    return await backUp(init, release === undefined ? init.askNode : undefined)
  } finally {
    await release?.()
  }
}

/** As `backUpHome`, for whoever has the log of the home already. */
export async function backUpHeldHome(init: BackUpHomeInit): Promise<MadeBackup> {
  return backUp(init, undefined)
}

async function backUp(init: BackUpHomeInit, askNode: BackUpHomeInit['askNode']): Promise<MadeBackup> {
  const { home, path, passphrase, nowMs, content = false, onProgress } = init
  const format = await readFormat(home)
  const paths = format === 1 ? { ...homePaths(home), ...formatOnePaths(home) } : homePaths(home)
  const { did } = await readIdentity(paths)
  const state = askNode === undefined ? await copyState(home) : await askNode()
  try {
    if (state !== undefined && !content) await withoutContent(state)
    const { files, skipped, log } = await homeFiles(home, state, content)
    const all = files.reduce((sum, { bytes }) => sum + bytes, 0)
    const manifest = await writeBackup({
      path,
      passphrase,
      files,
      about: {
        created: Math.floor(nowMs / 1000),
        did: did as Did,
        home: format,
        log:
          log === undefined
            ? null
            : { checkpoint: log.checkpoint, vkey: await vkeyOf(paths.logKey, log.checkpoint.origin) },
        skipped,
      },
      ...(onProgress === undefined ? {} : { onProgress: (done: number) => onProgress(done, all) }),
    })
    const { size } = await stat(path)
    return { manifest, bytes: size, running: askNode !== undefined }
  } finally {
    if (state !== undefined) await rm(state, { force: true })
  }
}

async function vkeyOf(logKey: string, origin: string): Promise<string> {
  return noteKey(origin, await readSecretFile(logKey, 'log-ed25519')).vkey
}

/** @returns undefined when another process has the log: then a node runs. */
async function takeLog(home: string): Promise<(() => Promise<void>) | undefined> {
  try {
    return await fileLogDisk(homePaths(home).log).lock()
  } catch (error) {
    if (error instanceof LedgerError && error.detail.code === 'log_locked') return undefined
    throw error
  }
}

async function copyState(home: string): Promise<string | undefined> {
  const paths = homePaths(home)
  if ((await stat(paths.state).catch(() => undefined)) === undefined) return undefined
  await using database = await openDatabase(`sqlite:${paths.state}`)
  return await keepCopy(database, paths)
}

/** Remembers that a backup was made, for `hansa doctor`. */
export async function noteBackup(home: string, { manifest, bytes }: MadeBackup, path: string): Promise<void> {
  const { backups } = homePaths(home)
  await mkdir(backups, { recursive: true, mode: 0o700 })
  const note = { created: manifest.created, path, bytes, entries: manifest.log?.checkpoint.size ?? 0 }
  await writeFile(join(backups, 'last.json'), `${JSON.stringify(note)}\n`, { mode: 0o600 })
}

/** Copies of the state, made by the database itself and so consistent, also while a node writes to it. */
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '@hansa/storage'
import { randomId } from '@hansa/trust'
import type { HomePaths } from './home-paths.ts'

const PREFIX = 'state-'
const SUFFIX = '.tmp'
/** A copy that nobody has fetched for so long belongs to a backup that was interrupted, ms. */
const FORGOTTEN_MS = 3_600_000

/** For a backup to take along. @returns the path of the copy, in the directory of backups; whoever asked removes it. */
export async function snapshotState<DB>(database: Database<DB>, paths: HomePaths, nowMs: number): Promise<string> {
  await mkdir(paths.backups, { recursive: true, mode: 0o700 })
  await removeForgotten(paths.backups, nowMs)
  return keepCopy(database, paths)
}

/** @returns the path of a new copy in the directory of backups. @param name default: one that nothing else has */
export async function keepCopy<DB>(
  database: Database<DB>,
  { backups }: HomePaths,
  name = `${PREFIX}${randomId()}${SUFFIX}`,
): Promise<string> {
  await mkdir(backups, { recursive: true, mode: 0o700 })
  const path = join(backups, name)
  await database.copyTo(path)
  await chmod(path, 0o600)
  return path
}

/** `20261121T033512Z`: sorts as time does, and is a name everywhere. */
export function fileTime(nowMs: number): string {
  return new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '')
}

async function removeForgotten(backups: string, nowMs: number): Promise<void> {
  for (const name of await readdir(backups)) {
    if (!name.startsWith(PREFIX) || !name.endsWith(SUFFIX)) continue
    const path = join(backups, name)
    const { mtimeMs } = await stat(path)
    if (nowMs - mtimeMs > FORGOTTEN_MS) await rm(path, { force: true })
  }
}

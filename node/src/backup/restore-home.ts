/**
 * Makes a home out of a backup, all of it or nothing. Everything is unpacked and checked in a staging directory inside the
 * home; only then it is moved to its place, the keys last, because it is they that say that there is a node.
 *
 * The restored log may not go on: the one that it was copied from may have, and then there would be two histories of one
 * log. It is frozen, and a successor with a new key begins, whose first entry names the checkpoint at which the frozen
 * one ended (security.md B8, docs/decisions/0014).
 */
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BackupManifest, CheckpointReference, Clock, Did } from '@hansa/protocols'
import { createSecretFile, readSecretFile, syncDirectory } from '@hansa/trust'
import { fileLogDisk, linkExt, noteKey, openLedger } from '@hansa/trust/ledger'
import { HomeError } from '../home/errors.ts'
import { hasNode } from '../home/has-node.ts'
import { readFormat } from '../home/home-format.ts'
import { logNumber, logOrigin } from '../home/home-logs.ts'
import { type HomePaths, homePaths } from '../home/home-paths.ts'
import { readIdentity } from '../home/identity-home.ts'
import { migrateHome } from '../home/migrate-home.ts'
import type { SuccessionReason } from '../kernel/restore-doubt.ts'
import { checkLog } from './check-log.ts'
import { invalid } from './errors.ts'
import { readBackup } from './read-backup.ts'

export type RestoreHomeInit = {
  file: string
  home: string
  passphrase?: string | undefined
  /** `moved` when nothing happened in the node after the backup. */
  reason: SuccessionReason
  /** Number of the successor log. @default the next one */
  number?: number | undefined
  clock: Clock
  onProgress?(bytes: number): void
}

export type RestoredHome = {
  did: Did
  home: string
  created: number
  /** Absent when the backup held no log: the node had not run yet. */
  frozen?: CheckpointReference
  log: { origin: string; vkey: string }
  skipped: string[]
}

const STAGING = '.restoring'
/** Written when everything in the staging directory is checked and durable. */
const READY = '.ready.json'

/**
 * A restore that was interrupted while it moved things to their place goes on when it is run again.
 * @throws HomeError `home_exists`; BackupError `backup_invalid`, `backup_sealed`; LedgerError `log_locked` when two run.
 */
export async function restoreHome(init: RestoreHomeInit): Promise<RestoredHome> {
  const { home } = init
  await mkdir(home, { recursive: true, mode: 0o700 })
  await checkEmpty(home)
  const release = await fileLogDisk(home).lock()
  try {
    const staging = join(home, STAGING)
    const ready = (await readReady(staging)) ?? (await stage(init, staging))
    await moveIn(staging, home)
    return { ...ready, home }
  } finally {
    await release()
    await rm(join(home, '.lock'), { force: true })
  }
}

async function checkEmpty(home: string): Promise<void> {
  const names = (await readdir(home)).filter((name) => name !== '.lock')
  const begun = names.includes(STAGING) && !(await hasNode(home))
  if (names.length === 0 || (names.length === 1 && begun)) return
  // What is there beside it was moved there by the restore that was interrupted.
  if (begun && (await readReady(join(home, STAGING))) !== undefined) return
  const message = `${home} is not empty, and a backup is restored only into an empty directory. Name another one with --home, or move this one away.`
  throw new HomeError({ code: 'home_exists', path: home }, message)
}

async function readReady(staging: string): Promise<Omit<RestoredHome, 'home'> | undefined> {
  const file = await open(join(staging, READY), 'r').catch(() => undefined)
  if (file === undefined) return undefined
  try {
    return JSON.parse(await file.readFile('utf8')) as Omit<RestoredHome, 'home'>
  } finally {
    await file.close()
  }
}

async function stage(init: RestoreHomeInit, staging: string): Promise<Omit<RestoredHome, 'home'>> {
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { mode: 0o700 })
  try {
    const manifest = await unpack(init, staging)
    const did = await checkHome(init.file, staging, manifest)
    const succession = await succeed(init, staging, did, manifest.log)
    const done = { did, created: manifest.created, ...succession, skipped: manifest.skipped }
    await syncTree(staging)
    await writeDurably(join(staging, READY), `${JSON.stringify(done)}\n`)
    await syncDirectory(staging)
    return done
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    throw error
  }
}

async function unpack({ file, passphrase, onProgress }: RestoreHomeInit, staging: string): Promise<BackupManifest> {
  return readBackup({
    path: file,
    passphrase,
    ...(onProgress === undefined ? {} : { onProgress }),
    async receive(path, mode, bytes) {
      const target = join(staging, path)
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      const handle = await open(target, 'wx', mode)
      try {
        for await (const chunk of bytes) await handle.writeFile(chunk)
        await handle.chmod(mode)
        await handle.sync()
      } finally {
        await handle.close()
      }
    },
  })
}

/** @throws BackupError `backup_invalid` unless it is the home of the kernel that the manifest names, with a log that verifies. */
async function checkHome(file: string, staging: string, manifest: BackupManifest): Promise<Did> {
  if ((await readFormat(staging)) !== manifest.home) throw invalid(file, 'its home has another format than it says')
  // A backup holds files; these two are wanted also where they hold none.
  for (const path of [homePaths(staging).log, homePaths(staging).policies])
    await mkdir(path, { recursive: true, mode: 0o700 })
  await migrateHome(staging, { backup: false })
  const { did } = await readIdentity(homePaths(staging))
  if (did !== manifest.did) throw invalid(file, `it is of ${manifest.did}, and holds the identity of ${did}`)
  if (manifest.log !== null) await checkLog(file, homePaths(staging).log, manifest.log)
  return manifest.did
}

/**
 * Freezes the log and begins its successor. Also where the backup holds no log: the node may have begun one since, with
 * the key that is in the backup.
 */
async function succeed(
  init: RestoreHomeInit,
  staging: string,
  did: Did,
  log: BackupManifest['log'],
): Promise<Pick<RestoredHome, 'frozen' | 'log'>> {
  const paths = homePaths(staging)
  const ended = log === null ? 1 : await freeze(init, paths, did, log)
  const next = init.number ?? ended + 1
  if (next <= ended) {
    const message = `The log in ${init.file} is number ${ended}: the one that follows needs a higher number than ${next}.`
    throw new HomeError({ code: 'home_logs', path: init.file }, message)
  }
  // The old key could still sign for a log that has ended.
  await rm(paths.logKey)
  // In no backup that this version made; and one that was made by hand must not bring it back.
  await rm(paths.witnessKey, { force: true })
  const origin = logOrigin(did, next)
  const key = noteKey(origin, await createSecretFile(paths.logKey, 'log-ed25519'))
  const link = log === null ? {} : linkExt({ previous: log.checkpoint, vkey: log.vkey })
  const ledger = await openLedger({
    disk: fileLogDisk(paths.log),
    origin,
    key,
    clock: init.clock,
    opening: { ...link, reason: init.reason },
    // The node fills the reserve when it starts.
    limits: { reserveBytes: 0 },
    onFatal() {},
  })
  await ledger.close()
  await rm(join(paths.log, '.lock'), { force: true })
  return { ...(log === null ? {} : { frozen: log.checkpoint }), log: { origin, vkey: key.vkey } }
}

/** @returns the number of the log that is frozen. @throws BackupError `backup_invalid` */
async function freeze(
  { file }: RestoreHomeInit,
  { log, logKey, frozenLogs }: HomePaths,
  did: Did,
  { checkpoint, vkey }: NonNullable<BackupManifest['log']>,
): Promise<number> {
  const number = logNumber(checkpoint.origin, did)
  if (number === undefined) throw invalid(file, `it holds the log ${checkpoint.origin}, which is none of ${did}`)
  if (vkey !== noteKey(checkpoint.origin, await readSecretFile(logKey, 'log-ed25519')).vkey)
    throw invalid(file, 'its log was signed by another key than it holds')
  const directory = join(frozenLogs, String(number))
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (const name of await fileLogDisk(log).list()) {
    if (name !== 'frozen') await rename(join(log, name), join(directory, name))
  }
  return number
}

/** Each rename can be done again; the keys come last, and behind them only the empty staging directory goes. */
async function moveIn(staging: string, home: string): Promise<void> {
  const names = (await readdir(staging)).filter((name) => name !== READY && name !== 'keys')
  for (const name of names) await rename(join(staging, name), join(home, name))
  await syncDirectory(home)
  const keys = join(staging, 'keys')
  if ((await stat(keys).catch(() => undefined)) !== undefined) await rename(keys, join(home, 'keys'))
  await syncDirectory(home)
  await rm(staging, { recursive: true, force: true })
  await syncDirectory(home)
}

async function syncTree(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncTree(join(directory, entry.name))
  }
  await syncDirectory(directory)
}

async function writeDurably(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flush: true })
}

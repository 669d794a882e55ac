/**
 * Adapter: what of a home belongs into a backup. Every regular file that the owner keeps there, so that whatever the
 * configuration names is with it; of the log, the part under its last checkpoint; of the state, a copy that the database
 * made. Not the backups, the sockets and the lock files.
 */
import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import { backupPathSchema } from '@hansa/protocols'
import { fileLogDisk, type LogExtent, logExtent } from '@hansa/trust/ledger'
import { frozenNumbers } from '../home/home-logs.ts'
import { homePaths } from '../home/home-paths.ts'
import { failed } from './errors.ts'

export type HomeFile = {
  /** In the home, with `/`. */
  path: string
  bytes: number
  mode: number
  read(): AsyncIterable<Uint8Array>
}

export type HomeFiles = { files: HomeFile[]; skipped: string[]; log: LogExtent | undefined }

/** Written anew by every node that starts, or not for others. */
const LEFT_OUT = new Set(['.lock', '.restoring', 'log', 'backups', 'control.sock', 'control.url', 'control.token'])
/** A witness never comes back as it was (see `witness-seed.ts`). */
const NEVER = new Set(['keys/witness.key'])
/** Of content: taken only when it is asked for, because a backup that holds a key keeps what is erased later. */
const CONTENT = new Set(['blobs', 'keys/content.key'])
const STATE = /^state\.db(?:-wal|-shm|-journal)?$/
const MAX_SKIPPED = 1000

/**
 * @param state path of a copy of `state.db`; undefined when there is none
 * @param content whether kept content comes with it
 * @throws BackupError `backup_failed`.
 */
export async function homeFiles(root: string, state: string | undefined, content = false): Promise<HomeFiles> {
  const paths = homePaths(root)
  const skipped: string[] = []
  const files: HomeFile[] = []
  const never = content ? NEVER : new Set([...NEVER, ...CONTENT])
  const into = { root, files, skipped, never }
  for (const name of (await readdir(root)).sort()) {
    if (!LEFT_OUT.has(name) && !STATE.test(name)) await collect(join(root, name), into)
  }
  if (state !== undefined) files.push(await wholeFile(state, 'state.db'))
  const log = await logExtent(fileLogDisk(paths.log))
  for (const number of await frozenNumbers(paths.frozenLogs)) {
    const directory = join(paths.frozenLogs, String(number))
    for (const name of await fileLogDisk(directory).list()) {
      files.push(await wholeFile(join(directory, name), `log/frozen/${number}/${name}`))
    }
  }
  if (log !== undefined) files.push(...(await logFiles(paths.log, log)))
  return { files, skipped: skipped.slice(0, MAX_SKIPPED), log }
}

async function logFiles(directory: string, { files, note }: LogExtent): Promise<HomeFile[]> {
  const parts = await Promise.all(
    files.map(async ({ name, bytes }) => ({ ...(await wholeFile(join(directory, name), `log/${name}`)), bytes })),
  )
  const checkpoint = Buffer.from(note)
  return [
    ...parts.map((part) => ({
      ...part,
      read: () => range(join(directory, part.path.slice('log/'.length)), part.bytes),
    })),
    { path: 'log/checkpoint', bytes: checkpoint.length, mode: 0o600, read: () => Readable.from([checkpoint]) },
  ]
}

type Collected = { root: string; files: HomeFile[]; skipped: string[]; never: ReadonlySet<string> }

async function collect(path: string, into: Collected): Promise<void> {
  const { root, files, skipped, never } = into
  const shown = relative(root, path).split(sep).join('/')
  if (never.has(shown)) return
  const found = await lstat(path)
  if (found.isDirectory()) {
    for (const name of (await readdir(path)).sort()) await collect(join(path, name), into)
  } else if (!found.isFile()) {
    skipped.push(shown)
  } else if (!backupPathSchema.safeParse(shown).success) {
    throw failed(path, 'has a name that a backup cannot hold; rename it')
  } else {
    files.push(await wholeFile(path, shown))
  }
}

async function wholeFile(path: string, name: string): Promise<HomeFile> {
  const { size, mode } = await lstat(path)
  return { path: name, bytes: size, mode: mode & 0o700, read: () => range(path, size) }
}

/** The first bytes of a file; what is appended meanwhile is left out. */
function range(path: string, bytes: number): AsyncIterable<Uint8Array> {
  return bytes === 0 ? Readable.from([]) : createReadStream(path, { start: 0, end: bytes - 1 })
}

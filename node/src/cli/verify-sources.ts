/** Adapter: directories on the command line as logs, each with the key that belongs to it. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckpointReference, Did } from '@hansa/protocols'
import {
  type FrozenSource,
  fileLogDisk,
  fileTileStore,
  type LogDirectory,
  type LogSource,
  parseCheckpoint,
  readEntries,
  tilesLog,
  verifyCheckpoint,
} from '@hansa/trust/ledger'
import { frozenNumbers } from '../home/home-logs.ts'
import { failed, usage } from './errors.ts'
import { didOfOrigin, type LogKeys } from './verify-keys.ts'

/** @param directories logs, or homes that hold one. */
export async function logSources(
  directories: readonly string[],
  keys: LogKeys,
  checkpointFiles: readonly string[],
  onRead: (bytes: number) => void,
): Promise<LogSource[]> {
  const found = await Promise.all(directories.map((directory) => openLog(directory)))
  const spare = keysWithoutLog(keys, found)
  const sources = found.map(({ disk, origin, frozen }): LogSource => {
    const key = origin === undefined ? spare.shift() : keys.vkeys.get(origin)
    const did = key?.did ?? (origin === undefined ? undefined : didOfOrigin(origin))
    return {
      disk: counted(disk, onRead),
      ...(key === undefined ? {} : { vkey: key.vkey }),
      ...(did === undefined ? {} : { did }),
      frozen: frozen.map((log) => frozenSource(log, keys, onRead)),
    }
  })
  for (const did of keys.dids) expectOwner(did, found)
  await addCheckpoints(sources, found, checkpointFiles)
  return sources
}

function frozenSource({ disk, origin }: FrozenLog, { vkeys }: LogKeys, onRead: (bytes: number) => void): FrozenSource {
  const key = origin === undefined ? undefined : vkeys.get(origin)
  return { disk: counted(disk, onRead), ...(key === undefined ? {} : { vkey: key.vkey }) }
}

/** Bytes of all files, to tell how far a verification has come. */
export async function entryBytes(sources: readonly LogSource[]): Promise<number> {
  let bytes = 0
  for (const { disk, frozen = [] } of sources) {
    for (const one of [disk, ...frozen.map((log) => log.disk)]) {
      for (const name of await one.list()) bytes += (await one.size(name)) ?? 0
    }
  }
  return bytes
}

type FrozenLog = { disk: LogDirectory; origin: string | undefined }
type FoundLog = FrozenLog & { directory: string; frozen: FrozenLog[] }

async function openLog(directory: string): Promise<FoundLog> {
  const here = await stat(directory).catch(() => undefined)
  if (here === undefined) throw usage(`There is no directory ${directory}.`)
  if (!here.isDirectory()) throw usage(`${directory} is not a directory; a log is a directory.`)
  const inner = join(directory, 'log')
  const own = fileLogDisk(directory)
  const isHome = !(await holdsEntries(own)) && (await holdsEntries(fileLogDisk(inner)))
  const tiles = isHome ? undefined : await tiledLog(directory, own)
  const disk = isHome ? fileLogDisk(inner) : (tiles ?? own)
  if (!(await holdsEntries(disk))) {
    if (tiles !== undefined) throw usage(withoutEntries(directory))
    throw usage(`There is no log in ${directory}. Give the directory \`log\` of a node's home, or the home itself.`)
  }
  return { disk, directory, origin: await originOf(disk), frozen: await frozenIn(isHome ? inner : directory) }
}

/** A log in the form of tiles has them under `tile/`. */
async function tiledLog(directory: string, disk: LogDirectory): Promise<LogDirectory | undefined> {
  const isTiled = !(await holdsEntries(disk)) && (await disk.list()).includes('tile')
  return isTiled ? tilesLog(fileTileStore(directory)) : undefined
}

function withoutEntries(directory: string): string {
  return `${directory} holds tiles of hashes and no entries: it is verified by itself, not as one of a pair.`
}

/** The logs that were frozen before the one in a directory, the newest first. */
async function frozenIn(directory: string): Promise<FrozenLog[]> {
  const within = join(directory, 'frozen')
  const disks = (await frozenNumbers(within)).map((number) => fileLogDisk(join(within, String(number))))
  return Promise.all(disks.map(async (disk) => ({ disk, origin: await originOf(disk) })))
}

async function holdsEntries(disk: LogDirectory): Promise<boolean> {
  return (await disk.list()).some((name) => name.startsWith('entries-'))
}

/** What the first entry claims: only to choose a key by, which then has to fit. */
async function originOf(disk: LogDirectory): Promise<string | undefined> {
  try {
    for await (const { entry } of readEntries(disk, 0, 1)) return entry.origin
  } catch {
    // What is damaged is for the verifier to describe.
  }
  return undefined
}

/**
 * Keys of logs that are not here. A log whose first entry cannot be read may be any of them; when there is none such, a
 * key that fits nothing means that the wrong logs, or the wrong keys, were given.
 */
function keysWithoutLog({ vkeys }: LogKeys, logs: readonly FoundLog[]): { vkey: string; did?: Did }[] {
  const here = new Set(logs.flatMap(({ origin, frozen }) => [origin, ...frozen.map((log) => log.origin)]))
  const unused = [...vkeys].filter(([origin]) => !here.has(origin))
  const [first] = unused
  if (first !== undefined && logs.every(({ origin }) => origin !== undefined))
    throw notHere(`the log ${first[0]}`, logs)
  return unused.map(([, key]) => key)
}

function expectOwner(did: Did, logs: readonly FoundLog[]): void {
  if (!logs.some(({ origin }) => origin === undefined || didOfOrigin(origin) === did))
    throw notHere(`a log of ${did}`, logs)
}

function notHere(what: string, logs: readonly FoundLog[]): Error {
  const found = logs.map(
    ({ directory, origin }) => `${directory} holds ${origin ?? 'a log whose first entry is unreadable'}`,
  )
  return failed(`A key was given for ${what}, and it is not here: ${found.join('; ')}.`)
}

async function addCheckpoints(
  sources: LogSource[],
  logs: readonly FoundLog[],
  files: readonly string[],
): Promise<void> {
  for (const path of files) {
    const { note, claimed } = await readKept(path)
    const at = logs.findIndex(({ origin }) => origin === claimed.origin)
    const source = sources[at]
    if (source === undefined) throw usage(`${path} is a checkpoint of ${claimed.origin}, which is not verified here.`)
    sources[at] = { ...source, remembered: remembered({ note, claimed }, source.vkey, path) }
  }
}

/** A checkpoint that was kept of one log. @throws CliError `usage` unless it is one, signed by the key if there is one */
export async function keptCheckpoint(path: string, vkey: string | undefined): Promise<CheckpointReference> {
  return remembered(await readKept(path), vkey, path)
}

type Kept = { note: string; claimed: CheckpointReference }

async function readKept(path: string): Promise<Kept> {
  const note = await readFile(path, 'utf8').catch(() => {
    throw usage(`There is no file ${path}, or it cannot be read.`)
  })
  const claimed = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1))
  if (claimed === undefined) throw usage(`${path} does not hold a checkpoint.`)
  return { note, claimed }
}

function remembered({ note, claimed }: Kept, vkey: string | undefined, path: string): CheckpointReference {
  if (vkey === undefined) return claimed
  const verdict = verifyCheckpoint(note, vkey)
  if (!verdict.ok) throw usage(`The checkpoint in ${path} is not signed by the key of the log: ${verdict.reason}.`)
  return verdict.checkpoint
}

function counted(disk: LogDirectory, onRead: (bytes: number) => void): LogDirectory {
  return {
    ...disk,
    async read(name, from, to) {
      const bytes = await disk.read(name, from, to)
      onRead(bytes.length)
      return bytes
    },
  }
}

/**
 * Adapter: a log disk in a directory of the file system, through `node:fs`. Files are readable by their owner only.
 *
 * Names that begin with a dot are the adapter's own: the lock, and files that `replace` is writing.
 */
import { close, fdatasync, open, write } from 'node:fs'
import { type FileHandle, mkdir, open as openHandle, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { openRegularFile } from '../files/open-regular-file.ts'
import { syncDirectory } from '../files/sync-directory.ts'
import { unlessAbsent } from '../files/unless-absent.ts'
import { lockDirectory } from './directory-lock.ts'
import { LedgerError } from './errors.ts'
import type { LogDisk, LogFile } from './log-disk.ts'

const openFd = promisify(open)
const closeFd = promisify(close)
const datasyncFd = promisify(fdatasync)
const OWNER_ONLY = 0o600
const DIRECTORY_MODE = 0o700

/** Nothing is created before `lock`, so that a verifier can be given any path. */
export function fileLogDisk(directory: string): LogDisk {
  const at = (name: string) => join(directory, checkName(name))
  const syncNames = () => syncDirectory(directory)
  const read = sharedReads()
  return {
    label: directory,
    bounded: true,
    async list() {
      const names = (await unlessAbsent(readdir(directory))) ?? []
      return names.filter((name) => !name.startsWith('.')).sort()
    },
    async size(name) {
      const found = await unlessAbsent(stat(at(name)))
      return found?.isFile() === true ? found.size : undefined
    },
    read: (name, from, to) => read(at(name), from, to),
    async lock() {
      await makeDirectory(directory)
      const release = lockDirectory(directory)
      return async () => release()
    },
    open: (name) => openForAppending(at(name), name),
    async truncate(name, size) {
      const handle = await unlessAbsent(openHandle(at(name), 'r+'))
      if (handle === undefined) return
      try {
        await handle.truncate(size)
        await handle.sync()
      } finally {
        await handle.close()
      }
    },
    async replace(name, bytes) {
      const temporary = join(directory, `.${checkName(name)}.new`)
      const handle = await openHandle(temporary, 'w', OWNER_ONLY).catch(rethrowFull(name))
      try {
        await handle.writeFile(bytes)
        await handle.sync()
      } catch (error) {
        throw fullOr(error, name)
      } finally {
        await handle.close()
      }
      await rename(temporary, at(name)).catch(rethrowFull(name))
      await syncNames()
    },
    async remove(name) {
      await rm(at(name), { force: true })
      await syncNames()
    },
    syncDirectory: syncNames,
  }
}

/** With the directories above it; the name of each new one is durable when this returns. */
async function makeDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE })
  if (first === undefined) return
  const outermost = dirname(resolve(first))
  for (let parent = dirname(resolve(directory)); ; parent = dirname(parent)) {
    await syncDirectory(parent)
    if (parent === outermost || parent === dirname(parent)) return
  }
}

async function openForAppending(path: string, name: string): Promise<LogFile> {
  const fd = await openFd(path, 'a', OWNER_ONLY).catch(rethrowFull(name))
  return {
    append: (bytes) => writeAll(fd, bytes, name),
    async datasync() {
      try {
        await datasyncFd(fd)
      } catch (cause) {
        throw new LedgerError({ code: 'log_broken', file: name }, `${path} could not be synced.`, { cause })
      }
    },
    close: () => closeFd(fd),
  }
}

/** A write may take only a part: the rest is written until the system says why it will not. */
function writeAll(fd: number, bytes: Uint8Array, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (from: number) => {
      write(fd, bytes, from, bytes.length - from, null, (error, written) => {
        if (error !== null) reject(fullOr(error, name))
        else if (from + written === bytes.length) resolve()
        else next(from + written)
      })
    }
    next(0)
  })
}

/** One opening of a file, for the reads that were asked for before it was begun. */
type Opening = { handle: Promise<FileHandle | undefined>; readers: number }

/** A proof reads twenty places of one file: opening it for each costs more than the reads. */
function sharedReads(): (path: string, from: number, to: number) => Promise<Uint8Array> {
  const openings = new Map<string, Opening>()
  const openingOf = (path: string): Opening => {
    const found = openings.get(path)
    if (found !== undefined) return found
    // At the end of this turn; whoever asks later may ask for a file that was replaced meanwhile.
    const begun = Promise.resolve().then(() => {
      openings.delete(path)
      return openRegularFile(path)
    })
    const opening = { handle: begun, readers: 0 }
    openings.set(path, opening)
    return opening
  }
  return async (path, from, to) => {
    if (to <= from) return new Uint8Array()
    const opening = openingOf(path)
    opening.readers++
    let handle: FileHandle | undefined
    try {
      handle = await opening.handle
      return handle === undefined ? new Uint8Array() : await readRange(handle, from, to)
    } finally {
      opening.readers--
      if (opening.readers === 0) await handle?.close()
    }
  }
}

async function readRange(handle: FileHandle, from: number, to: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(to - from)
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** Names come from the ledger, never from outside; this keeps it so. */
function checkName(name: string): string {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) throw new RangeError(`not a name for a log file: ${name}`)
  return name
}

function rethrowFull(name: string): (error: unknown) => never {
  return (error) => {
    throw fullOr(error, name)
  }
}

/** Out of space or over quota is `log_full`; every other failure of a write means that the disk is broken. */
function fullOr(cause: unknown, name: string): LedgerError {
  const code = codeOf(cause)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new LedgerError({ code: 'log_full' }, `no room for ${name}`, { cause })
  return new LedgerError({ code: 'log_broken', file: name }, `${name} could not be written.`, { cause })
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

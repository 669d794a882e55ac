/** Adapter: short texts that only their owner may read. A file that others could read is refused, never repaired. */
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '../files/sync-directory.ts'
import { KeyFileError } from './errors.ts'

/** Readable and writable by the owner alone. */
const OWNER_ONLY = 0o600
/** Any access of group or others. */
const NOT_OWNER = 0o077

/**
 * Writes a new file, synced to the disk with its directory entry.
 * @throws KeyFileError `key_file_exists`, `key_file_unusable`.
 */
export async function createPrivateFile(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', OWNER_ONLY).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') {
      throw new KeyFileError({ code: 'key_file_exists', path }, `${path} already exists and is not written over.`)
    }
    throw unusable(path, 'cannot be created', cause)
  })
  try {
    // The umask can only take rights away, so the mode is set and not only asked for.
    await file.chmod(OWNER_ONLY)
    await file.writeFile(text)
    await file.sync()
    await file.close()
    await syncDirectory(dirname(path))
  } catch (cause) {
    await file.close().catch(() => undefined)
    await unlink(path).catch(() => undefined)
    throw unusable(path, 'could not be written', cause)
  }
}

/**
 * @returns the text, Latin-1; empty when it is longer than `maxBytes` or not a file.
 * @throws KeyFileError `key_file_missing`, `key_file_exposed`, `key_file_unusable`.
 */
export async function readPrivateFile(path: string, maxBytes: number): Promise<string> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new KeyFileError({ code: 'key_file_missing', path }, `There is no file ${path}.`)
    throw unusable(path, 'cannot be opened', cause)
  })
  try {
    return await readOwnerOnly(file, path, maxBytes)
  } finally {
    await file.close()
  }
}

async function readOwnerOnly(file: FileHandle, path: string, maxBytes: number): Promise<string> {
  const found = await file.stat()
  const { mode, size } = found
  // Windows has no such bits; access lists are not looked at there.
  if (process.platform !== 'win32' && (mode & NOT_OWNER) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, '0')
    const message = `${path} can be reached by others than its owner (mode ${shown}). Run: chmod 600 ${path}`
    throw new KeyFileError({ code: 'key_file_exposed', path, mode: shown }, message)
  }
  if (!found.isFile() || size > maxBytes) return ''
  return await file.readFile('latin1').catch((cause: unknown) => {
    throw unusable(path, 'cannot be read', cause)
  })
}

function unusable(path: string, what: string, cause: unknown): KeyFileError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new KeyFileError({ code: 'key_file_unusable', path }, `${path} ${what}: ${why}`, { cause })
}

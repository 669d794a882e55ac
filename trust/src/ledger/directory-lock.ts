/**
 * Adapter: takes a directory for one process through a lock that the operating system drops when the process ends,
 * however it ends, and that other processes see, also from another container on the same volume.
 *
 * Node has no `flock`. SQLite, which is part of Node, locks its files with the byte-range locks of the system; an
 * exclusive transaction that is never finished, on an empty file that is never written, is such a lock and nothing else.
 *
 * @NOTE On POSIX systems a process loses its byte-range locks when it closes any descriptor of the file. Nothing else
 * in this process opens it; do not copy the directory of a running log from inside the process that runs it.
 */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LedgerError } from './errors.ts'

/** Hidden from `list`, and empty. */
export const LOCK_FILE = '.lock'

/** SQLite's primary result code for a file that another connection has locked. */
const SQLITE_BUSY = 5

/** @returns releases it. @throws LedgerError `log_locked`. */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, LOCK_FILE)
  createPrivately(path)
  const file = new DatabaseSync(path, { timeout: 0 })
  try {
    file.exec('pragma journal_mode = off; pragma locking_mode = exclusive; begin exclusive')
    return () => file.close()
  } catch (cause) {
    file.close()
    if (!isBusy(cause)) throw cause
    const message = `${directory} is the log of a kernel that is running. Stop it, or give this one its own directory.`
    throw new LedgerError({ code: 'log_locked', directory }, message, { cause })
  }
}

function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === SQLITE_BUSY
}

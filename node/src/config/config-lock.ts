/**
 * Adapter: one change of a configuration at a time, on this machine. The lock is a SQLite transaction on an empty file,
 * which the system drops when its holder ends, however it ends.
 */
import { closeSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@hansa/protocols'
import { ConfigError } from './errors.ts'

/** Milliseconds until a lock that another process holds is given up on: a server may have to start meanwhile. */
const PATIENCE_MS = 60_000
/** Milliseconds between two attempts. */
const RETRY_MS = 25
/** SQLite's primary result code for a file that another connection has locked. */
const SQLITE_BUSY = 5

/** @returns releases it. @throws ConfigError `config_locked`. */
export async function lockConfig(path: string, clock: Clock): Promise<() => void> {
  const file = join(dirname(path), '.hansa.yaml.lock')
  const until = clock.now() + PATIENCE_MS
  for (;;) {
    const release = tryLock(file)
    if (release !== undefined) return release
    if (clock.now() >= until) {
      const message = `Another command is changing ${path}. Try again when it has ended.`
      throw new ConfigError({ code: 'config_locked', path }, message)
    }
    await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve))
  }
}

function tryLock(path: string): (() => void) | undefined {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('pragma journal_mode = off; pragma locking_mode = exclusive; begin exclusive')
    return () => database.close()
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === SQLITE_BUSY) return undefined
    throw error
  }
}

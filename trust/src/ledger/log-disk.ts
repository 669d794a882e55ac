/**
 * What a ledger needs of a disk: files of one directory, by name. A name is flat, lower-case ASCII; nothing here knows
 * a path.
 *
 * What survives a loss of power: the bytes of a file up to the last `datasync` that returned, under a name that a
 * `syncDirectory` after its creation covered; `truncate`, `replace` and `remove` are durable when they return.
 */

import type { FaultList } from './fault-list.ts'

/** Reading only: all that a verifier needs. */
export interface LogDirectory {
  /** Shown to people in messages. */
  readonly label: string
  /** Set when the files that are read here are made of others, which hold no hashes in one file and no history. */
  readonly underlying?: Underlying
  /** Names of all files, in code unit order; empty when the directory does not exist. */
  list(): Promise<string[]>
  /** Bytes of the file; undefined when there is none. */
  size(name: string): Promise<number | undefined>
  /** Bytes `[from, to)`, fewer where the file ends before; empty when there is no such file. The caller owns them. */
  read(name: string, from: number, to: number): Promise<Uint8Array>
}

/** What the files of a log directory are made of. */
export interface Underlying {
  /** Where a byte of one of the files really stands. */
  place(file: string, offset: number): Promise<{ file: string; offset: number }>
  /** Checks what none of the files is made of, and adds what is wrong. @returns what is worth knowing and no fault. */
  check(faults: FaultList): Promise<string[]>
}

/** One file open for appending; used by one writer, one operation at a time. */
export interface LogFile {
  /** @throws LedgerError `log_full` when there is no room, perhaps after a part was written. Anything else is a failed disk. */
  append(bytes: Uint8Array): Promise<void>
  /** Everything appended so far is durable when it returns. A failure is final: the same call, repeated, proves nothing. */
  datasync(): Promise<void>
  close(): Promise<void>
}

export interface LogDisk extends LogDirectory {
  /** Whether space can run out, so that some of it is worth keeping in reserve. */
  readonly bounded: boolean
  /**
   * Takes the directory for this process until released or until the process ends, however it ends; creates it first.
   * @returns releases it.
   * @throws LedgerError `log_locked`.
   */
  lock(): Promise<() => Promise<void>>
  /** Opens for appending and creates when absent; the name of a new file is durable after `syncDirectory`. */
  open(name: string): Promise<LogFile>
  /** Cuts a file to `size` bytes, durably. */
  truncate(name: string, size: number): Promise<void>
  /** Puts `bytes` in place of the whole file: after a crash it holds the old bytes or these. @throws as `append`. */
  replace(name: string, bytes: Uint8Array): Promise<void>
  /** Nothing happens when there is no such file. */
  remove(name: string): Promise<void>
  syncDirectory(): Promise<void>
}

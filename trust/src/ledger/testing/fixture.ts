/** Ways to open the log of the drafts with a clock that stands still, and to read it. */
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { NOW } from '../../testing/index.ts'
import type { Ledger, StoredEntry } from '../ledger.ts'
import type { LogDirectory, LogDisk } from '../log-disk.ts'
import { ENTRIES } from '../log-files.ts'
import { type OpenLedgerInit, openLedger } from '../open-ledger.ts'
import { encodeRecord } from '../record.ts'
import { recordFiles, scanFile } from '../record-files.ts'
import { aDraft, LOG_KEY, ORIGIN } from './drafts.ts'

export { aDraft, hashOf, idOf, LOG_KEY, MALLORY_LOG_KEY, ORIGIN } from './drafts.ts'

export type Opened = { ledger: Ledger; clock: ManualClock; fatal: unknown[] }

/** Opens with small limits unless told otherwise; nothing is cut by time while the clock stands. */
export async function openOn(disk: LogDisk, over: Partial<OpenLedgerInit> = {}): Promise<Opened> {
  // The time at which the statements of the tests are made.
  const clock = manualClock(NOW * 1000)
  const fatal: unknown[] = []
  const ledger = await openLedger({
    disk,
    origin: ORIGIN,
    key: LOG_KEY,
    clock,
    onFatal: (error) => void fatal.push(error),
    ...over,
    limits: { reserveBytes: 65_536, ...over.limits },
  })
  return { ledger, clock, fatal }
}

/** Appends `count` drafts, each durable before the next, and closes. */
export async function writeLog(disk: LogDisk, count: number, over: Partial<OpenLedgerInit> = {}): Promise<void> {
  const { ledger } = await openOn(disk, over)
  for (let n = 0; n < count; n++) await ledger.append(aDraft(n)).durable
  await ledger.close()
}

export async function readAll(entries: AsyncIterable<StoredEntry>): Promise<StoredEntry[]> {
  const all: StoredEntry[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

/** The code of the LedgerError that a promise ends with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'nothing was thrown'
  } catch (error) {
    return error instanceof Error && 'detail' in error ? (error.detail as { code: string }).code : String(error)
  }
}

/** The same of a function that throws at once. */
export function thrownCode(run: () => unknown): string {
  try {
    run()
    return 'nothing was thrown'
  } catch (error) {
    return error instanceof Error && 'detail' in error ? (error.detail as { code: string }).code : String(error)
  }
}

export type RawRecord = { file: string; offset: number; end: number; number: number; bytes: Uint8Array }

/** The records of the entries as they stand on the disk. */
export async function rawRecords(directory: LogDirectory): Promise<RawRecord[]> {
  const all: RawRecord[] = []
  for (const file of await recordFiles(directory, ENTRIES)) {
    for await (const { records } of scanFile(directory, file)) {
      for (const record of records) all.push({ ...record, bytes: Uint8Array.from(record.bytes) })
    }
  }
  return all
}

/** Bytes of a file of records with these contents, checksums and all. */
export function recordsOf(contents: readonly { number: number; bytes: Uint8Array }[]): Uint8Array {
  return Buffer.concat(contents.map(encodeRecord))
}

/** A log with fixed keys, drafts to fill it, and ways to open it with a clock that stands still. */
import type { EntryDraft } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256, taggedHash } from '../../encoding/hash.ts'
import { NOW } from '../../testing/index.ts'
import type { Ledger, StoredEntry } from '../ledger.ts'
import type { LogDirectory, LogDisk } from '../log-disk.ts'
import { ENTRIES } from '../log-files.ts'
import { noteKey } from '../note.ts'
import { type OpenLedgerInit, openLedger } from '../open-ledger.ts'
import { encodeRecord } from '../record.ts'
import { recordFiles, scanFile } from '../record-files.ts'

export const ORIGIN = 'b.example/hansa/log/1'
export const LOG_KEY = noteKey(ORIGIN, sha256('hansa test log key'))
/** Holds a key of its own for the same origin. */
export const MALLORY_LOG_KEY = noteKey(ORIGIN, sha256('mallory test log key'))

export const idOf = (name: string) => encodeBase64url(sha256(`hansa test id ${name}`).subarray(0, 16))
export const hashOf = (name: string) => taggedHash('test', name)

/** A local call's outcome, different for each `n`. @param note text of any kind and length up to 512. */
export function aDraft(n: number, note = ''): EntryDraft {
  return {
    type: 'outcome',
    call_id: idOf(`call ${n}`),
    actor: 'agent:alice',
    cap: 'files.read',
    decision: 'permit',
    pol: 1,
    rules: ['allow-reads'],
    args_c: hashOf(`arguments ${n}`),
    result_c: hashOf(`result ${n}`),
    ext: { status: 'ok', ...(note === '' ? {} : { note }) },
  }
}

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

/** A log in memory that is written as a test says, and read as the directory of a home is. */
import type { EntryDraft } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { type Ledger, memoryLogDisk, noteKey, openLedger } from '@hansa/trust/ledger'
import type { ReadableLog } from '../signed-entries.ts'

export const SEED = new Uint8Array(32).fill(9)

export type AuditLog = AsyncDisposable & { ledger: Ledger; log: ReadableLog; clock: ReturnType<typeof manualClock> }

export async function auditLog(origin: string, drafts: readonly EntryDraft[] = []): Promise<AuditLog> {
  const disk = memoryLogDisk()
  const clock = manualClock()
  const key = noteKey(origin, SEED)
  const ledger = await openLedger({ disk, origin, key, clock, onFatal: Promise.reject.bind(Promise) })
  for (const draft of drafts) ledger.append(draft)
  await ledger.cut()
  const log = { origin, vkey: key.vkey, directory: disk }
  return { ledger, log, clock, [Symbol.asyncDispose]: () => ledger.close() }
}

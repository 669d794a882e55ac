import type { EntryDraft } from '@hansa/protocols'
import type { Ledger } from '@hansa/trust/ledger'

/** Closes a call that a crash left open. @returns the entry as it was written, for the projections. */
export async function closeCall(ledger: Ledger, draft: EntryDraft) {
  const entry = ledger.append(draft)
  await entry.durable
  return { ...draft, v: 1 as const, origin: ledger.origin, seq: entry.seq, t_ms: entry.tMs, prev: '' }
}

import { callsOf, type Entry } from '@hansa/protocols'
import type { Ledger } from '@hansa/trust/ledger'

/** @param init `from` counts from the end when it is negative; without it the last ones, or all those of the call. */
export async function entriesOf(
  ledger: Pick<Ledger, 'size' | 'read'>,
  { from: wanted, limit = 100, callId }: { from?: number; limit?: number; callId?: string },
): Promise<Entry[]> {
  const from = wanted ?? (callId === undefined ? -limit : 0)
  const entries: Entry[] = []
  for await (const { entry } of ledger.read(from < 0 ? Math.max(0, ledger.size + from) : from)) {
    if (callId !== undefined && !callsOf(entry).includes(callId)) continue
    entries.push(entry)
    if (entries.length >= limit) break
  }
  return entries
}

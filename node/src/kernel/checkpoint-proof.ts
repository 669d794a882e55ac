/** What this kernel shows of its log in a handshake: its last checkpoint, and that it extends the one the peer has seen. */
import type { CheckpointProof, CheckpointReference } from '@hansa/protocols'
import type { Ledger } from '@hansa/trust/ledger'

export async function checkpointFor(
  ledger: Ledger,
  seen: CheckpointReference | undefined,
): Promise<CheckpointProof | undefined> {
  const head = ledger.head()
  const note = ledger.checkpointNote()
  if (head.size === 0) return undefined
  const provable = seen !== undefined && seen.origin === ledger.origin && seen.size > 0 && seen.size <= head.size
  return provable ? { note, consistency: await ledger.consistency(seen.size, head.size) } : { note }
}

/**
 * What the configuration vouches for, as entries of the log: whoever has the log computes the same score. An entry is
 * written when the configuration says something else than the log.
 */
import type { Did, EntryDraft } from '@hansa/protocols'
import type { RecordedVouch } from '@hansa/trust/score'

const SOURCE = 'configuration'

export type ConfigVouchesComponents = {
  evidence: { peers(): Did[]; vouchOf(peer: Did, source: string): RecordedVouch | undefined }
  /** Every peer that the configuration names, with the standing that it gives. */
  configured: ReadonlyMap<Did, number>
  append(draft: EntryDraft): { durable: Promise<void> }
}

/** Resolves when the entries are durable. */
export async function recordConfigured({ evidence, configured, append }: ConfigVouchesComponents): Promise<void> {
  const written: Promise<void>[] = []
  for (const [peer, standing] of configured) {
    if (evidence.vouchOf(peer, SOURCE)?.standing === standing) continue
    written.push(append({ type: 'standing.vouched', peer, ext: { source: SOURCE, standing } }).durable)
  }
  for (const peer of evidence.peers()) {
    if (configured.has(peer) || evidence.vouchOf(peer, SOURCE) === undefined) continue
    written.push(append({ type: 'standing.unvouched', peer, ext: { source: SOURCE } }).durable)
  }
  await Promise.all(written)
}

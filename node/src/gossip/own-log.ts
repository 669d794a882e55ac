/** Whether what somebody else holds of the own log is of it: if not, its key signs somewhere else too. */
import type { Clock, Did, EventLogger } from '@hansa/protocols'
import { forkProof, judgeHeads, type Ledger, verifyCheckpoint } from '@hansa/trust/ledger'
import type { EvidenceBook } from './evidence-book.ts'

export type OwnLogComponents = {
  self: Did
  clock: Clock
  logger: EventLogger
  ledger: Pick<Ledger, 'origin' | 'vkey' | 'head' | 'checkpointNote' | 'consistency' | 'rootAt'>
  evidence: Pick<EvidenceBook, 'record'>
}

/** @param from who showed the note. */
export async function seeOwnLog(note: string, from: Did, components: OwnLogComponents): Promise<void> {
  const { self, clock, logger, ledger, evidence } = components
  const verdict = verifyCheckpoint(note, ledger.vkey)
  // Nobody's word: the own key did not sign it.
  if (!verdict.ok) return
  const { checkpoint } = verdict
  const own = { checkpoint: ledger.head(), note: ledger.checkpointNote() }
  if (checkpoint.size > own.checkpoint.size) {
    logger.error('log.known_longer', { peer: from, size: checkpoint.size, entries: own.checkpoint.size })
    return
  }
  if (checkpoint.size === 0) return
  const path = await ledger.consistency(checkpoint.size, own.checkpoint.size)
  const proof = { fromRoot: await ledger.rootAt(checkpoint.size), path }
  const { kind } = judgeHeads(checkpoint, own.checkpoint, proof)
  if (kind === 'one_history') return
  const claim = kind === 'two_roots' ? 'two_roots' : 'other_prefix'
  const log = { origin: ledger.origin, vkey: ledger.vkey }
  const found = { log, small: { checkpoint, note }, large: own, by: self, at: Math.floor(clock.now() / 1000) }
  await evidence.record(self, forkProof({ ...found, claim, proof }))
}

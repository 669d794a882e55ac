/** What a peer did that no honest kernel does: an entry that keeps it, a line for the operator, a figure. */
import type { Did, EntryDraft, EventLogger } from '@hansa/protocols'
import type { Appended } from '@hansa/trust/ledger'
import type { CallObserver, EvidenceKind } from './call-observer.ts'

/** @param count of what the reason says, of which `callId` is the first. @default 1 */
export type RecordEvidence = (peer: Did, kind: EvidenceKind, reason: string, callId: string, count?: number) => void

export type EvidenceComponents = {
  append(draft: EntryDraft): Appended
  logger: EventLogger
  observer?: CallObserver | undefined
}

/** The entry is not awaited: what it is about has failed or is over, and has its own entries. */
export function evidenceRecorder({ append, logger, observer }: EvidenceComponents): RecordEvidence {
  return (peer, kind, reason, callId, count = 1) => {
    logger.warn('peer.evidence', { peer, kind, call_id: callId })
    observer?.evidence?.(kind)
    const ext = { reason: `${kind}: ${reason}`.slice(0, 1024).toWellFormed(), ...(count === 1 ? {} : { count }) }
    try {
      append({ type: 'peer.evidence', peer, call_id: callId, ext }).durable.catch(() => {})
    } catch (error) {
      logger.warn('peer.evidence_not_recorded', { peer, call_id: callId, reason: String(error) })
    }
  }
}

/** For a result whose receipt is not acknowledged. */
export function ackMissing(evidence: RecordEvidence): (held: { peer: Did; callId: string }) => void {
  const reason = 'its receipt was not acknowledged within 30 seconds, so its result is kept back'
  return ({ peer, callId }) => evidence(peer, 'ack_missing', reason, callId)
}

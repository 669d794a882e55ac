/** What a peer did that no honest kernel does: an entry that keeps it, a line for the operator, a figure. */
import type { Did, EntryDraft, Envelope, EventLogger } from '@hansa/protocols'
import type { Appended } from '@hansa/trust/ledger'
import type { CallObserver, EvidenceKind } from './call-observer.ts'

export type EvidenceFacts = {
  /** Of what the reason says, of which the call is the first. @default 1 */
  count?: number
  /** What the peer signed, when that is an intent that nothing else in the log holds, and the hash of it. */
  intent?: { hash: string; envelope: Envelope }
  /** Of the intent or receipt in the log that the peer contradicts by it. */
  contradicts?: string
}

export type RecordEvidence = (
  peer: Did,
  kind: EvidenceKind,
  reason: string,
  callId: string,
  facts?: EvidenceFacts,
) => void

export type EvidenceComponents = {
  append(draft: EntryDraft): Appended
  logger: EventLogger
  observer?: CallObserver | undefined
}

/** The entry is not awaited: what it is about has failed or is over, and has its own entries. */
export function evidenceRecorder({ append, logger, observer }: EvidenceComponents): RecordEvidence {
  return (peer, kind, reason, callId, { count = 1, intent, contradicts } = {}) => {
    logger.warn('peer.evidence', { peer, kind, call_id: callId })
    observer?.evidence?.(kind)
    const ext = {
      reason: `${kind}: ${reason}`.slice(0, 1024).toWellFormed(),
      ...(count === 1 ? {} : { count }),
      ...(contradicts === undefined ? {} : { hash: contradicts }),
      ...(intent === undefined ? {} : { envelope: intent.envelope }),
    }
    const signed = intent === undefined ? {} : { intent: intent.hash }
    try {
      append({ type: 'peer.evidence', peer, call_id: callId, ...signed, ext }).durable.catch(() => {})
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

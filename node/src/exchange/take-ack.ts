/**
 * An acknowledgement that has been verified, taken once: into the ledger, off the list of those that are owed, and with it
 * the result that waited for it may be handed out. It comes among others to `acks`, or alone to `reveal`.
 */
import type { Ack, Did, EntryDraft, Envelope } from '@hansa/protocols'
import type { Appended } from '@hansa/trust/ledger'
import type { HeldResults } from './held-results.ts'
import type { OpenAcks } from './open-acks.ts'

export type TakeAckComponents = {
  openAcks: OpenAcks
  held: HeldResults
  append(draft: EntryDraft): Appended
}

/** @returns the entry; undefined for an acknowledgement that nobody waits for, or does not wait for any more. */
export function takeAck(
  ack: Ack,
  peer: Did,
  envelope: Envelope,
  { openAcks, held, append }: TakeAckComponents,
): Appended | undefined {
  const { call_id: callId, receipt_hash: receiptHash } = ack
  if (!openAcks.fits(callId, peer, receiptHash) && !held.waitsFor({ peer, callId, receiptHash })) return undefined
  const entry = append(draftOf(ack, peer, envelope))
  openAcks.close(callId, peer)
  held.claim(peer, callId, entry.durable)
  return entry
}

function draftOf(ack: Ack, peer: Did, envelope: Envelope): EntryDraft {
  return { type: 'ack.received', call_id: ack.call_id, peer, receipt: ack.receipt_hash, ext: { envelope } }
}

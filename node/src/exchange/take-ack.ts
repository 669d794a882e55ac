/**
 * Acknowledgements that have been verified, each taken once: into the ledger, off the list of those that are owed, and with
 * it the result that waited for it may be handed out. One comes alone to `acks` or `reveal`, several together to `acks`.
 */
import type { Ack, AcknowledgedReceipt, Acks, Did, EntryDraft, Envelope } from '@hansa/protocols'
import type { Appended, Ledger } from '@hansa/trust/ledger'
import { logFull } from '../kernel/log-room.ts'
import type { HeldResults } from './held-results.ts'
import type { OpenAcks } from './open-acks.ts'

export type TakeAckComponents = {
  openAcks: OpenAcks
  held: HeldResults
  append(draft: EntryDraft): Appended
}

/** @returns the entry; undefined for an acknowledgement that nobody waits for, or does not wait for any more. */
export function takeAck(ack: Ack, peer: Did, envelope: Envelope, components: TakeAckComponents): Appended | undefined {
  if (!isAwaited(ack, peer, components)) return undefined
  const { call_id, receipt_hash: receipt } = ack
  return take([ack], { type: 'ack.received', call_id, peer, receipt, ext: { envelope } }, peer, components)
}

export type TakeAcksComponents = TakeAckComponents & { ledger: Pick<Ledger, 'full' | 'room'> }

/**
 * Of a log that is full, the rest is for what is owed: the names of other calls in each statement would use it up.
 * @returns the entry, which names those that were waited for; undefined when none was.
 * @throws LedgerError `log_full`
 */
export function takeAcks(
  { acks }: Acks,
  peer: Did,
  envelope: Envelope,
  components: TakeAcksComponents,
): Appended | undefined {
  const awaited = acks.filter((ack) => isAwaited(ack, peer, components))
  if (awaited.length === 0) return undefined
  const { ledger } = components
  if (awaited.length * 2 < acks.length && ledger.full) throw logFull(ledger)
  const calls = awaited.map(({ call_id }) => call_id)
  return take(awaited, { type: 'acks.received', peer, ext: { calls, envelope } }, peer, components)
}

function isAwaited(ack: AcknowledgedReceipt, peer: Did, { openAcks, held }: TakeAckComponents): boolean {
  const { call_id: callId, receipt_hash: receiptHash } = ack
  return openAcks.fits(callId, peer, receiptHash) || held.waitsFor({ peer, callId, receiptHash })
}

function take(
  acks: readonly AcknowledgedReceipt[],
  draft: EntryDraft,
  peer: Did,
  { openAcks, held, append }: TakeAckComponents,
): Appended {
  const entry = append(draft)
  for (const { call_id: callId } of acks) {
    openAcks.close(callId, peer)
    held.claim(peer, callId, entry.durable)
  }
  return entry
}

/**
 * `POST /hansa/v1/acks`: the peers' word that receipts arrived, many in one request. Each is verified on its own; a good
 * one is in the ledger before the request is answered, one that came before is answered as well, and a bad one spoils
 * nothing but itself.
 */
import type { Did, Envelope, InboundReply, InboundRequest } from '@hansa/protocols'
import { ackOf, type EnvelopeVerifier, parseEnvelopes } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'
import { jsonReply, refusalReply } from './inbound-reply.ts'
import type { RefusalCounter } from './refusal-counter.ts'
import { type TakeAckComponents, takeAck } from './take-ack.ts'

/** Bytes of one request: 256 envelopes of about a kilobyte, and room. */
export const MAX_ACKS_BYTES = 524_288
const MAX_ACKS = 1_024

export type ServeAcksComponents = TakeAckComponents & { verifier: EnvelopeVerifier; refusals: RefusalCounter }

export function serveAcks(components: ServeAcksComponents): (request: InboundRequest) => Promise<InboundReply> {
  return async (request) => {
    const { body } = request
    const envelopes = body.length <= MAX_ACKS_BYTES ? parseEnvelopes(body, MAX_ACKS) : undefined
    if (envelopes === undefined) {
      return refusalReply(components.refusals, request.source, 'invalid_request', 'not a list of ack envelopes')
    }
    const entries: Appended[] = []
    for (const envelope of envelopes) {
      const taken = await verifyAndTake(envelope, components)
      if (typeof taken === 'string') components.refusals.count(request.source, 'invalid_request', taken)
      else if (taken !== undefined) entries.push(taken)
    }
    await Promise.all(entries.map(({ durable }) => durable))
    return jsonReply({ accepted: entries.length })
  }
}

/** @returns the entry, undefined for an ack that nobody waits for (any more), or why it is not one. */
async function verifyAndTake(
  envelope: Envelope,
  components: ServeAcksComponents,
): Promise<Appended | string | undefined> {
  const { verifier, openAcks } = components
  // Whoever signed it: the receipt that it names is open for exactly one peer, and that is the one who may say so.
  const issuer = envelope.proof.kid.split('#', 1)[0] as Did
  // Anyone may send here, so a key is only admitted and a signature only checked where an acknowledgement is owed.
  if (!openAcks.owes(issuer)) return undefined
  const verdict = await verifier.verify('hansa-ack', envelope, issuer)
  if (!verdict.ok) return `an ack does not verify: ${verdict.reason}`
  const reading = ackOf(verdict)
  if (!reading.ok) return `an ack is malformed: ${reading.reason}`
  return takeAck(reading.value, issuer, envelope, components)
}

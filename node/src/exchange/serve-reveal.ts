/**
 * `POST /hansa/v1/reveal`: the acknowledgement of a receipt, for the result that waits for it. The acknowledgement is in
 * the ledger before salt and result leave. Whoever asks again with the same acknowledgement gets the same again, as long
 * as the result is kept.
 *
 * Who does not know the salt of the arguments is answered as if there were nothing, before a signature is looked at.
 */
import { timingSafeEqual } from 'node:crypto'
import type { Did, Envelope, InboundReply, InboundRequest } from '@hansa/protocols'
import { CALL_CONTENT_TYPE, decodeFrames, encodeFrames, revealFrameLimits } from '@hansa/protocols'
import { ackOf, type EnvelopeVerifier, parseEnvelope, payloadBytesOf } from '@hansa/trust'
import type { HeldResult } from './held-results.ts'
import { refusalReply } from './inbound-reply.ts'
import type { RefusalCounter } from './refusal-counter.ts'
import { type TakeAckComponents, takeAck } from './take-ack.ts'

export type ServeRevealComponents = TakeAckComponents & { verifier: EnvelopeVerifier; refusals: RefusalCounter }

export function serveReveal(components: ServeRevealComponents): (request: InboundRequest) => Promise<InboundReply> {
  const { refusals, held } = components
  return async (request) => {
    const asked = readRequest(request.body)
    if (asked === undefined)
      return refusalReply(refusals, request.source, 'invalid_request', 'not an ack envelope and a salt')
    const { issuer, callId, envelope, salt } = asked
    const result = held.find(issuer, callId)
    if (result === undefined || !sameBytes(result.argsSalt, salt))
      return refusalReply(refusals, request.source, 'not_found', 'no result waits for this acknowledgement')
    const fault = await acknowledge(envelope, result, components)
    if (fault !== undefined) return refusalReply(refusals, request.source, 'invalid_request', fault)
    return { status: 200, contentType: CALL_CONTENT_TYPE, body: encodeFrames([result.salt, result.bytes]) }
  }
}

/** Resolves when the acknowledgement is durable. @returns why it is none of this result. */
async function acknowledge(
  envelope: Envelope,
  { peer, callId, receiptHash }: HeldResult,
  components: ServeRevealComponents,
): Promise<string | undefined> {
  const verdict = await components.verifier.verify('hansa-ack', envelope, peer)
  if (!verdict.ok) return `an ack does not verify: ${verdict.reason}`
  const reading = ackOf(verdict)
  if (!reading.ok) return `an ack is malformed: ${reading.reason}`
  const ack = reading.value
  if (ack.call_id !== callId || ack.receipt_hash !== receiptHash) return 'an ack of another receipt'
  if (ack.withheld === true) return 'an ack that does without the result'
  const durable = takeAck(ack, peer, envelope, components)?.durable ?? components.held.acknowledged(peer, callId)
  if (durable === undefined) return 'nobody waits for this ack any more'
  await durable
  return undefined
}

type RevealRequest = { issuer: Did; callId: string; envelope: Envelope; salt: Uint8Array }

/** Issuer and call are what the envelope claims; it is not verified yet. */
function readRequest(body: Uint8Array): RevealRequest | undefined {
  const [bytes, salt] = decodeFrames(body, revealFrameLimits) ?? []
  if (bytes === undefined || salt === undefined) return undefined
  const envelope = parseEnvelope(bytes)
  const payload = envelope && payloadBytesOf(envelope)
  if (envelope === undefined || payload === undefined) return undefined
  const text = Buffer.from(payload).toString('latin1')
  const callId = /"call_id":"([\w-]{22})"/.exec(text)?.[1]
  if (callId === undefined) return undefined
  return { issuer: envelope.proof.kid.split('#', 1)[0] as Did, callId, envelope, salt }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

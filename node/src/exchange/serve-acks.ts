/**
 * `POST /hansa/v1/acks`: the peers' word that receipts arrived: one statement about several receipts, or a list of
 * statements about one each. A good one is in the ledger before the request is answered, one that came before is answered
 * as well, and a bad one spoils nothing but itself. Whoever sends only what cannot be verified is not answered for it: it
 * sends them again, signed anew, where its key could not be had or has just been rotated.
 */
import type { Did, Envelope, InboundReply, InboundRequest } from '@hansa/protocols'
import { ackOf, acksOf, type EnvelopeVerifier, parseEnvelope, parseEnvelopes } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'
import { deniedReply, jsonReply, refusalReply } from './inbound-reply.ts'
import type { RefusalCounter } from './refusal-counter.ts'
import { type TakeAcksComponents, takeAck, takeAcks } from './take-ack.ts'

/** Bytes of one request: one envelope with several, or a list of some hundred with one each. */
export const MAX_ACKS_BYTES = 524_288
const MAX_ENVELOPES = 1_024

export type ServeAcksComponents = TakeAcksComponents & { verifier: EnvelopeVerifier; refusals: RefusalCounter }

export function serveAcks(components: ServeAcksComponents): (request: InboundRequest) => Promise<InboundReply> {
  return async ({ body, source }) => {
    const statements = body.length <= MAX_ACKS_BYTES ? statementsIn(body) : undefined
    if (statements === undefined)
      return refusalReply(components.refusals, source, 'invalid_request', 'no acknowledgements in envelopes')
    const entries: Appended[] = []
    const unverified: string[] = []
    for (const statement of statements) {
      const taken = await verifyAndTake(statement, components)
      if (taken === undefined) continue
      if ('durable' in taken) entries.push(taken)
      else {
        const denialId = components.refusals.count(source, 'invalid_request', taken.reason)
        if (!taken.verified) unverified.push(denialId)
      }
    }
    const [denialId] = unverified
    if (denialId !== undefined && unverified.length === statements.length)
      return deniedReply('invalid_request', denialId)
    await Promise.all(entries.map(({ durable }) => durable))
    return jsonReply({ accepted: entries.length })
  }
}

/** Why a statement is no acknowledgement. */
type Fault = { reason: string; verified: boolean }

type Statement = { typ: 'hansa-ack' | 'hansa-acks'; envelope: Envelope }

/** What stands in no list is about several receipts. */
function statementsIn(body: Uint8Array): Statement[] | undefined {
  if (isList(body)) return parseEnvelopes(body, MAX_ENVELOPES)?.map((envelope) => ({ typ: 'hansa-ack', envelope }))
  const envelope = parseEnvelope(body)
  return envelope === undefined ? undefined : [{ typ: 'hansa-acks', envelope }]
}

function isList(body: Uint8Array): boolean {
  return body.find((byte) => !WHITE_SPACE.has(byte)) === OPENING_BRACKET
}

/** RFC 8259 section 2. */
const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])
const OPENING_BRACKET = 0x5b

/** @returns the entry; undefined for what nobody waits for (any more). */
async function verifyAndTake(
  { typ, envelope }: Statement,
  components: ServeAcksComponents,
): Promise<Appended | Fault | undefined> {
  const { verifier, openAcks } = components
  // Whoever signed it: a receipt that it names is open for exactly one peer, and that is the one who may say so.
  const issuer = envelope.proof.kid.split('#', 1)[0] as Did
  // Anyone may send here, so a key is only admitted and a signature only checked where an acknowledgement is owed.
  if (!openAcks.owes(issuer)) return undefined
  const verdict = await verifier.verify(typ, envelope, issuer)
  if (!verdict.ok) return { reason: `an ack does not verify: ${verdict.reason}`, verified: false }
  if (typ === 'hansa-acks') {
    const reading = acksOf(verdict)
    return reading.ok ? takeAcks(reading.value, issuer, envelope, components) : malformed(reading.reason)
  }
  const reading = ackOf(verdict)
  return reading.ok ? takeAck(reading.value, issuer, envelope, components) : malformed(reading.reason)
}

function malformed(reason: string): Fault {
  return { reason: `an ack is malformed: ${reason}`, verified: true }
}

/**
 * `POST /hansa/v1/agreements`: a kernel with a session hands over a proposal, or its acceptance of one of this kernel.
 * Cheap checks first, the signature after the rate. Taking a proposal binds nobody: it waits for a person.
 */
import type { InboundSessions } from '@hansa/mesh'
import {
  type AgreementReply,
  type AgreementRequest,
  agreementRequestSchema,
  type Clock,
  type Did,
  type InboundReply,
  type InboundRequest,
  MAX_AGREEMENT_REQUEST_BYTES,
} from '@hansa/protocols'
import { type KeyResolver, parseStrictJson, RateWindow } from '@hansa/trust'
import { keptAcceptance, keptAgreement, verifyAcceptance, verifyProposal } from '@hansa/trust/agreement'
import { jsonReply, refusalReply } from '../exchange/inbound-reply.ts'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import type { AgreementDesk, TakeVerdict } from './agreement-desk.ts'

/** Requests of one kernel and of all in a minute, before a signature is checked. */
const PER_PEER = 30
const PER_MINUTE = 120

export type AgreementInboxComponents = {
  self: Did
  clock: Clock
  resolver: KeyResolver
  sessions: Pick<InboundSessions, 'get'>
  refusals: RefusalCounter
  /** Whether an operator has made it known: nobody else can lay anything before a person here. */
  isKnown(peer: Did): boolean
  /** Why nothing is agreed with it now. */
  barred(peer: Did): string | undefined
}

export function agreementInbox(
  components: AgreementInboxComponents,
  desk: Pick<AgreementDesk, 'takeProposal' | 'takeAcceptance' | 'takeEcho' | 'find'>,
): (request: InboundRequest) => Promise<InboundReply> {
  const { refusals, sessions, clock, isKnown, barred } = components
  const window = new RateWindow({ maxKeys: 10_000 })
  const admits = (peer: Did) => {
    const limits = [
      { key: peer, calls: PER_PEER, perSeconds: 60 },
      { key: '*', calls: PER_MINUTE, perSeconds: 60 },
    ]
    return window.admitAll(limits, clock.now()).ok
  }
  return async ({ body, source }) => {
    const request = readRequest(body)
    const peer = request === undefined ? undefined : sessions.get(request.sid)?.peer
    if (request === undefined || peer === undefined)
      return refusalReply(refusals, source, 'handshake_failed', 'something about an agreement without a session')
    if (!admits(peer)) return refusalReply(refusals, peer, 'rate_limited', 'too much about agreements')
    if (!isKnown(peer)) return refusalReply(refusals, peer, 'policy_denied', 'no operator here has made it known')
    const bar = barred(peer)
    if (bar !== undefined) return refusalReply(refusals, peer, 'policy_denied', bar)
    const verdict = await (request.kind === 'proposal' ? proposal : acceptance)(request.jws, peer)
    if (verdict.ok) return jsonReply({ v: 1, taken: true, ...accepted(request) } satisfies AgreementReply)
    return refusalReply(refusals, peer, verdict.code ?? 'invalid_request', `${request.kind}: ${verdict.reason}`)
  }

  /** What a person here has signed meanwhile, for a proposer that is not reached from here. */
  function accepted({ kind, jws }: AgreementRequest): Pick<AgreementReply, 'acceptance'> {
    const hash = kind === 'proposal' ? keptAgreement(jws)?.hash : undefined
    const acceptance = hash === undefined ? undefined : desk.find(hash)?.record.acceptance
    return acceptance === undefined ? {} : { acceptance }
  }

  async function proposal(jws: string, peer: Did): Promise<TakeVerdict> {
    const { resolver, self } = components
    const reading = await verifyProposal(jws, { resolver, by: peer, for: self, now: Math.floor(clock.now() / 1000) })
    return reading.ok ? desk.takeProposal(reading.read) : reading
  }

  async function acceptance(jws: string, peer: Did): Promise<TakeVerdict> {
    // Believed only to find the proposal; the signature and the party are checked against it.
    const named = keptAcceptance(jws)?.acceptance.agreement
    const of = named === undefined ? undefined : desk.find(named)
    if (of === undefined || of.peer !== peer)
      return { ok: false, reason: 'it names nothing that is proposed between the two' }
    // The proposer hands back what it has got by asking: from now on both know that both have it.
    if (!of.record.own && of.record.acceptance === jws) return desk.takeEcho(of.hash)
    // Asked again by somebody who did not get the answer.
    if (of.record.acceptance === jws && of.record.state !== 'ended') return { ok: true }
    const { resolver } = components
    const reading = await verifyAcceptance(jws, { resolver, of, now: Math.floor(clock.now() / 1000) })
    return reading.ok ? desk.takeAcceptance(of.hash, reading.read) : reading
  }
}

function readRequest(body: Uint8Array): AgreementRequest | undefined {
  const parsed = body.length <= MAX_AGREEMENT_REQUEST_BYTES ? parseStrictJson(body, 'object') : undefined
  return parsed?.ok === true ? agreementRequestSchema.safeParse(parsed.value).data : undefined
}

/**
 * This kernel as the one that asks: session, intent, call, receipt (security.md B3, B4; wire.md). A call's token never
 * leaves; what leaves is a signed intent, a salt and the screened arguments.
 *
 * Whatever the peer answers without a signature is not evidence of anything, so it can only make the call fail.
 */

import type { OutboundSession } from '@hansa/mesh'
import type {
  Clock,
  Code,
  Did,
  EventLogger,
  Intent,
  Label,
  PeerReply,
  PeerRequest,
  PeerTransport,
  Receipt,
} from '@hansa/protocols'
import {
  CALL_CONTENT_TYPE,
  DECISION_TYP,
  decisionSchema,
  decodeFrames,
  encodeChain,
  encodeFrames,
  exchangePaths,
  httpStatus,
  isCode,
  MAX_REPLY_BYTES,
  replyFrameLimits,
} from '@hansa/protocols'
import {
  type BatchSigner,
  commitTo,
  type EnvelopeVerifier,
  type KeyResolver,
  parseStrictJson,
  prepare,
  receiptOf,
  taggedHash,
  verifyJws,
} from '@hansa/trust'
import type { Detectors } from '../firewall/index.ts'
import type { ApprovalBook } from '../kernel/approvals.ts'
import { noteSink } from '../kernel/call-notes.ts'
import type { RecordEvidence } from '../kernel/peer-evidence.ts'
import type { PeerAnswer } from '../kernel/policy-stage.ts'
import type {
  Answered,
  Begun,
  Committed,
  ImportedTarget,
  OutboundIntent,
  Received,
  Refusal,
  Screened,
} from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import { doneBy } from '../kernel/stands-for.ts'
import type { FreshStatus } from '../revocation/fresh-status.ts'
import type { PeerGuard } from '../routing/peer-guard.ts'
import { buildIntent, type Pseudonyms } from './build-intent.ts'
import { CONTRADICTS_HEARD, HeardText } from './heard-text.ts'
import { labelsLeftOut } from './labels-left-out.ts'
import type { PeerSessions } from './peer-sessions.ts'
import { resultForm } from './result-form.ts'
import { untilDeadline } from './until-deadline.ts'

export type OutboundComponents = {
  self: Did
  clock: Clock
  logger: EventLogger
  transport: PeerTransport
  sessions: PeerSessions
  signer: BatchSigner
  detectors: Detectors
  verifier: EnvelopeVerifier
  resolver: KeyResolver
  pseudonyms: Pseudonyms
  approvals: ApprovalBook
  /** A statement of the peer that should not exist: kept in the ledger. */
  evidence: RecordEvidence
  /** Whether it is known what the peer has revoked, for a call like this. */
  fresh: Pick<FreshStatus, 'refuses'>
  /** Learns what a reply to a call was worth. */
  guard: Pick<PeerGuard, 'answered' | 'turnedAway' | 'talkedNonsense' | 'waitedInVain'>
}

const MAX_DECISION_BYTES = 16_384

type Arguments = { bytes: Uint8Array; salt: Uint8Array; commitment: string; labels: Screened['input']['labels'] }

export class OutboundExchange {
  readonly #c: OutboundComponents

  constructor(components: OutboundComponents) {
    this.#c = components
  }

  /** Opens a session when there is none, and makes the intent; its signature is under way when this returns. */
  async prepare(call: Received, target: ImportedTarget, args: Arguments): Promise<OutboundIntent | Refusal> {
    const opening = this.#c.sessions.get(target.peer, target.endpoint)
    const session = opening instanceof Promise ? await this.#inTime(opening, call, target) : opening
    if (isRefusal(session)) return session
    // After the handshake, which brings it.
    const stale = await this.#c.fresh.refuses(target.peer, { target, labels: args.labels }, target.endpoint)
    if (stale !== undefined) return stale
    const approval = call.approvals.find((id) => !this.#c.approvals.knows(id))
    const intent = buildIntent(call, target, {
      self: this.#c.self,
      session,
      nowMs: this.#c.clock.now(),
      argsCommitment: args.commitment,
      labels: args.labels,
      pseudonym: this.#c.pseudonyms.of(call.caller.principal, target.peer),
      ...(call.caller.kind === 'peer' || call.caller.onBehalfOf === undefined
        ? {}
        : { onBehalfOf: this.#c.pseudonyms.of(call.caller.onBehalfOf, target.peer) }),
      ...(call.idempotencyKey === undefined
        ? {}
        : { key: this.#c.pseudonyms.keyOf(call.idempotencyKey, doneBy(call.caller), target.peer) }),
      ...(approval === undefined ? {} : { approval }),
    })
    const prepared = prepare('hansa-intent', intent)
    const envelope = this.#c.signer.sign(prepared).then(({ text }) => Buffer.from(text, 'utf8'))
    const chain = encodeChain(call.delegation?.jwss ?? [])
    if (chain === undefined) return { refused: 'policy_denied', reason: 'the chain is larger than one may travel' }
    return { intent, hash: prepared.hash, payloadBytes: prepared.payloadBytes, envelope, chain }
  }

  /** Asks for the peer's decision about exactly this intent (`POST /hansa/v1/decide`). */
  async ask(
    target: ImportedTarget,
    outbound: OutboundIntent,
    args: Arguments,
    signal?: AbortSignal,
  ): Promise<PeerAnswer> {
    const reply = await this.#send(target, exchangePaths.decide, outbound, args, MAX_DECISION_BYTES, signal)
    if (isRefusal(reply)) return { effect: 'unreachable', reason: reply.reason }
    if (reply.status !== 200) {
      const code = unsignedCode(reply)
      if (code === 'rate_limited') this.#c.guard.turnedAway(target, outbound.intent.iat)
      return { effect: 'unreachable', reason: `answered ${reply.status} ${code ?? ''}`.trim() }
    }
    const jws = Buffer.from(reply.body).toString('utf8')
    const verdict = await verifyJws(jws, {
      typ: DECISION_TYP,
      resolver: this.#c.resolver,
      maxBytes: MAX_DECISION_BYTES,
      issuerOf: (payload) => payload.iss,
    })
    if (!verdict.ok)
      return this.#invalid(target, outbound, `its decision does not verify: ${verdict.reason}`, 'garbled')
    const decision = decisionSchema.safeParse(verdict.payload)
    if (!decision.success) return this.#invalid(target, outbound, 'its decision is malformed')
    const { iss, aud, intent_hash, exp, effect, obligations } = decision.data
    if (iss !== target.peer || aud !== this.#c.self)
      return this.#invalid(target, outbound, 'its decision is not its own, or not for us')
    if (intent_hash !== outbound.hash) return this.#invalid(target, outbound, 'its decision is about another intent')
    if (Math.floor(this.#c.clock.now() / 1000) >= exp + SKEW_SECONDS)
      return this.#invalid(target, outbound, 'its decision has expired')
    const hash = taggedHash('decision', verdict.payloadBytes)
    return { effect, obligations, hash, asked: { outbound, bytes: args.bytes }, reason: `decided ${effect}` }
  }

  /** Sends the call of a begun intent and verifies the peer's receipt before anything of the answer is looked at. */
  async call(call: Begun): Promise<Answered | Committed | Refusal> {
    const { target, outbound, input: args } = call
    if (target.kind !== 'imported' || outbound === undefined)
      throw new TypeError('only a call with an intent can be sent')
    const heard = new HeardText()
    const sink = noteSink(call, this.#c.detectors)
    return untilDeadline(call, this.#c.clock, async (signal) => {
      const reply = await this.#send(
        target,
        exchangePaths.call,
        outbound,
        args,
        MAX_REPLY_BYTES,
        signal,
        call.deadlineMs,
        sink && ((bytes) => sink.say(heard.hear(noteIn(bytes)))),
      )
      if (isRefusal(reply)) return lost(reply, target, signal.aborted)
      if (reply.status !== 200) return this.#unsigned(reply, target, outbound)
      return await this.#readReply(call, target, outbound, reply.body, heard)
    })
  }

  /**
   * Others may wait for the same handshake with more time left, so it goes on. Every call that waits in vain says that
   * the peer is silent, though they all wait for one handshake.
   */
  #inTime(
    opening: Promise<OutboundSession | Refusal>,
    call: Received,
    target: ImportedTarget,
  ): Promise<OutboundSession | Refusal> {
    const { clock, guard } = this.#c
    const late: Refusal = { refused: 'deadline', reason: 'no session with the peer before the deadline' }
    const startedMs = clock.now()
    return untilDeadline(call, clock, async (signal) => {
      const ended = Promise.withResolvers<Refusal>()
      const end = () => {
        guard.waitedInVain(target, signal, clock.now() - startedMs)
        ended.resolve(late)
      }
      signal.addEventListener('abort', end, { once: true })
      return Promise.race([opening, ended.promise])
    })
  }

  async #send(
    target: ImportedTarget,
    path: string,
    outbound: OutboundIntent,
    args: Arguments,
    maxReplyBytes: number,
    signal: AbortSignal | undefined,
    deadlineMs?: number,
    note?: PeerRequest['onProgress'],
  ): Promise<PeerReply | Refusal> {
    const body = encodeFrames([await outbound.envelope, outbound.chain, args.salt, args.bytes])
    try {
      return await this.#c.transport.send({
        endpoint: target.endpoint,
        peer: target.peer,
        path,
        method: 'POST',
        contentType: CALL_CONTENT_TYPE,
        body,
        maxReplyBytes,
        ...(signal === undefined ? {} : { signal }),
        ...(deadlineMs === undefined ? {} : { deadlineMs: deadlineMs - this.#c.clock.now() }),
        ...(note === undefined ? {} : { onProgress: note }),
      })
    } catch (error) {
      return {
        refused: 'remote_refused',
        reason: `no answer: ${error instanceof Error ? error.message : String(error)}`,
        silent: true,
      }
    }
  }

  async #readReply(
    call: Begun,
    target: ImportedTarget,
    outbound: OutboundIntent,
    body: Uint8Array,
    heard: HeardText,
  ): Promise<Answered | Committed | Refusal> {
    const [envelope, salt, result] = decodeFrames(body, replyFrameLimits) ?? []
    if (envelope === undefined || salt === undefined || result === undefined) {
      return this.#refuseReply(target, call, 'its answer is not a reply', 'garbled')
    }
    const verdict = await this.#c.verifier.verify('hansa-receipt', envelope, target.peer)
    if (!verdict.ok) return this.#refuseReply(target, call, `its receipt does not verify: ${verdict.reason}`, 'garbled')
    const reading = receiptOf(verdict)
    if (!reading.ok) return this.#refuseReply(target, call, `its receipt is malformed: ${reading.reason}`)
    const receipt = reading.value
    const committed = receipt.result_c !== null && salt.length === 0 && result.length === 0
    const fault =
      faultOf(receipt, outbound, target.logOrigins) ?? (committed ? undefined : misfit(receipt, salt, result))
    if (fault !== undefined) return this.#refuseReply(target, call, fault)
    this.#c.guard.answered(target, outbound.intent.iat)
    const unlabelled = labelsLeftOut(receipt, outbound.intent, target.declared)
    if (unlabelled.length > 0) this.#mislabelled(target, call, unlabelled, verdict.hash)
    const received = { receipt, hash: verdict.hash, envelope: verdict.envelope, unlabelled }
    if (receipt.result_c === null) return refusalFrom(receipt, received)
    if (committed) return { call, receipt: received, committed, contradicts: (bytes) => heard.contradicts(bytes) }
    if (heard.contradicts(result)) return this.#refuseReply(target, call, CONTRADICTS_HEARD)
    const kind = resultForm(target, receipt, result)
    return { call, raw: { kind, bytes: result, salt }, receipt: received }
  }

  /** @param kind `garbled` for what nobody has signed: whoever stands between can send it in the name of the peer */
  #refuseReply(
    target: ImportedTarget,
    call: Begun,
    reason: string,
    kind: 'statement' | 'garbled' = 'statement',
  ): Refusal {
    this.#c.evidence(target.peer, kind, reason, call.callId)
    this.#c.guard.talkedNonsense(target, reason)
    return { refused: 'remote_refused', reason, unknown: target.safety !== 'READ' }
  }

  /** What it sent is labelled here all the same, so the call goes on. */
  #mislabelled(target: ImportedTarget, { callId }: Begun, labels: readonly Label[], receipt: string): void {
    const reason = `its receipt leaves out ${labels.join(', ')}, which its own capability or the intent has`
    this.#c.evidence(target.peer, 'wrong_label', reason, callId, { contradicts: receipt })
  }

  #invalid(
    target: ImportedTarget,
    outbound: OutboundIntent,
    reason: string,
    kind: 'statement' | 'garbled' = 'statement',
  ): PeerAnswer {
    this.#c.evidence(target.peer, kind, reason, outbound.intent.call_id)
    return { effect: 'invalid', reason }
  }

  #unsigned(reply: PeerReply, target: ImportedTarget, outbound: OutboundIntent): Refusal {
    const code = unsignedCode(reply)
    if (code === 'handshake_failed') this.#c.sessions.drop(target.peer, outbound.intent.sid)
    if (code === 'rate_limited') this.#c.guard.turnedAway(target, outbound.intent.iat)
    const reason = `the peer answered ${reply.status} ${code ?? 'without a code'}, unsigned`
    if (code !== undefined && BEFORE_THE_CALL.has(code)) return { refused: code, reason }
    // Nobody signed that nothing happened, and a peer whose log fails after it acted answers like this too.
    if (target.safety !== 'READ') return { refused: 'outcome_unknown', reason, unknown: true }
    return { refused: code !== undefined && TRANSIENT.has(code) ? code : 'remote_refused', reason }
  }
}

/** @returns undefined for what is no JSON; the sink takes nothing that is not a note. */
function noteIn(bytes: Uint8Array): unknown {
  const parsed = parseStrictJson(bytes, 'payload')
  return parsed.ok ? parsed.value : undefined
}

/** Seconds between two kernels' clocks (security.md B0.4). */
const SKEW_SECONDS = 60
/** A kernel says these while it looks at session and intent, before anything can act. */
const BEFORE_THE_CALL: ReadonlySet<Code> = new Set<Code>(['handshake_failed', 'clock_skew', 'rate_limited'])
/** These say nothing about the call but when to come again, so they may pass as they are. */
const TRANSIENT: ReadonlySet<Code> = new Set<Code>(['busy', 'log_full'])

function lost(refusal: Refusal, target: ImportedTarget, late: boolean): Refusal {
  const unknown = target.safety !== 'READ'
  if (late) return { refused: 'deadline', reason: 'no answer before the deadline', unknown }
  return unknown ? { ...refusal, refused: 'outcome_unknown', unknown } : refusal
}

/** @returns what is wrong with a receipt whose signature is good. */
function faultOf(
  receipt: Receipt,
  outbound: { hash: string; intent: Intent },
  origins: readonly string[],
): string | undefined {
  if (receipt.intent_hash !== outbound.hash || receipt.call_id !== outbound.intent.call_id)
    return 'its receipt is for another intent'
  // The newest stands first. Nothing is written to those before it any more, so a promise about them is none.
  if (receipt.log.origin !== origins[0]) return 'its receipt points into a log that is not pinned as the one it writes'
  const { status, code, result_c: result } = receipt
  const answers = status === 'ok' || status === 'input_required'
  if (answers && result === null) return 'its receipt names no result'
  if (!answers && code === undefined) return 'its receipt refuses without a code'
  if (result !== null && (status === 'denied' || status === 'approval_required'))
    return 'its receipt refuses and names a result'
  return undefined
}

/** @returns what is wrong with a result that came with its receipt. */
function misfit(receipt: Receipt, salt: Uint8Array, result: Uint8Array): string | undefined {
  if (receipt.result_c !== null && receipt.result_c !== commitTo(salt, result))
    return 'its result is not the one in its receipt'
  if (receipt.result_c === null && result.length > 0) return 'its result is not in its receipt'
  return undefined
}

function refusalFrom(receipt: Receipt, received: Answered['receipt'] & object): Refusal {
  return {
    refused: receipt.code ?? 'remote_refused',
    reason: `the peer signed ${receipt.status}${receipt.denial_id === undefined ? '' : `, denial ${receipt.denial_id}`}`,
    receipt: received,
    ...(receipt.approval === undefined ? {} : { approvalId: receipt.approval }),
    ...(receipt.status === 'outcome_unknown' ? { unknown: true } : {}),
  }
}

/** The code of an answer without a signature, if it is one of ours and fits its status. */
function unsignedCode(reply: PeerReply): Code | undefined {
  if (reply.body.length > 4096) return undefined
  try {
    const body: unknown = JSON.parse(Buffer.from(reply.body).toString('utf8'))
    const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
    return typeof code === 'string' && isCode(code) && httpStatus[code] === reply.status ? code : undefined
  } catch {
    return undefined
  }
}

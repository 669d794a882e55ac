/**
 * This kernel as the one that is asked: an authenticated intent becomes a call of the peer's, runs through this
 * kernel's own stages under this kernel's own token, and is answered by a signed receipt, also when it is refused.
 */
import type { InboundReply, InboundRequest, Receipt } from '@hansa/protocols'
import { CALL_CONTENT_TYPE, encodeFrames } from '@hansa/protocols'
import type { BatchSigner } from '@hansa/trust'
import type { Appended, Ledger } from '@hansa/trust/ledger'
import { statusOf } from '../kernel/audit-stage.ts'
import type { CallIds } from '../kernel/call-ids.ts'
import type { RecordEvidence } from '../kernel/peer-evidence.ts'
import type { PeerSettings } from '../kernel/peer-settings.ts'
import type { Arrived, Refused, Released } from '../kernel/stages.ts'
import {
  type AuthenticateComponents,
  type AuthenticatedIntent,
  authenticateIntent,
  type IntentRejection,
} from './authenticate-intent.ts'
import { servedFor } from './call-fault.ts'
import type { DecisionMemory } from './decision-memory.ts'
import type { HeldResults } from './held-results.ts'
import { refusalReply } from './inbound-reply.ts'
import type { OpenAcks } from './open-acks.ts'
import type { OverdueAcks } from './overdue-acks.ts'
import { RefusalUnsigned } from './refusal-budget.ts'
import type { RefusalCounter } from './refusal-counter.ts'

export type ServeCallComponents = AuthenticateComponents & {
  peers: PeerSettings
  callIds: CallIds
  refusals: RefusalCounter
  signer: BatchSigner
  ledger: Pick<Ledger, 'origin'>
  openAcks: OpenAcks
  overdueAcks: OverdueAcks
  held: HeldResults
  decisions: DecisionMemory
  evidence: RecordEvidence
  policyVersion(): number
  /** Runs the call through every stage; `seal` makes the reply while the outcome entry reaches the disk. */
  run(arrived: Arrived, seal: (ended: Released | Refused, entry: Appended) => Promise<Uint8Array>): Promise<Uint8Array>
}

const NOTHING = new Uint8Array(0)

/** Within a second by default; the promise leaves room for a slow disk. */
const MERGE_DELAY_SECONDS = 60

export function serveCall(components: ServeCallComponents): (request: InboundRequest) => Promise<InboundReply> {
  return async (request) => {
    const authenticated = await authenticateIntent(request, components, true)
    if ('rejected' in authenticated) {
      tellTwice(authenticated, components)
      return refusalReply(components.refusals, request.source, authenticated.rejected, authenticated.reason)
    }
    const { intent } = authenticated
    // No receipt: it would need an outcome entry under an id that has one.
    if (!components.callIds.take(intent.call_id)) {
      return refusalReply(components.refusals, request.source, 'invalid_request', 'the id of the call is taken')
    }
    const arrived = withAttempt(leavableWith(request, arrivedFrom(authenticated, components)), components.callIds)
    try {
      const seal = (ended: Released | Refused, entry: Appended) =>
        sealReceipt(components, authenticated, arrived, ended, entry)
      const body = await servedFor(intent, () => components.run(arrived, seal))
      return { status: 200, contentType: CALL_CONTENT_TYPE, body }
    } catch (error) {
      if (!(error instanceof RefusalUnsigned)) throw error
      components.callIds.release(intent.call_id)
      if (arrived.retryOf !== undefined && arrived.mayHaveRun !== true) components.callIds.release(arrived.retryOf)
      return refusalReply(components.refusals, intent.iss, 'rate_limited', 'too many refused calls')
    }
  }
}

/** Both intents are in the log then: the first in the entry of its call, this one in that of the evidence. */
function tellTwice(
  { twice }: IntentRejection,
  { evidence, counters }: Pick<ServeCallComponents, 'evidence' | 'counters'>,
): void {
  if (twice === undefined || !counters.tell(twice.session)) return
  const { intent, hash, envelope, first } = twice
  const reason = `it signed another intent under counter ${intent.ctr} of one session`
  evidence(intent.iss, 'replay', reason, intent.call_id, { intent: { hash, envelope }, contradicts: first })
}

/** Whoever has left before the call begins does not get it begun. */
function leavableWith({ signal, progress }: InboundRequest, arrived: Arrived): Arrived {
  return {
    ...arrived,
    ...(signal === undefined ? {} : { signal }),
    ...(progress === undefined ? {} : { note: (note) => progress(Buffer.from(JSON.stringify(note))) }),
  }
}

/**
 * Takes the id of the attempt before too, so that it finds its place taken when it comes late. When it is taken already,
 * that attempt was looked at here, whatever its caller was told.
 */
function withAttempt(arrived: Arrived, callIds: CallIds): Arrived {
  if (arrived.retryOf === undefined || callIds.take(arrived.retryOf)) return arrived
  return { ...arrived, mayHaveRun: true }
}

/** An authenticated intent, in the words of the pipeline. */
export function arrivedFrom(
  { intent, hash, envelope, chain, salt, args }: AuthenticatedIntent,
  { clock, peers }: Pick<ServeCallComponents, 'clock' | 'peers'>,
): Arrived {
  const startedMs = clock.now()
  return {
    callId: intent.call_id,
    caller: {
      kind: 'peer',
      principal: `${intent.iss}#${intent.sub}`,
      did: intent.iss,
      aliases: peers.of(intent.iss).aliases,
      intent,
      intentHash: hash,
      envelope,
    },
    capability: intent.cap,
    capHash: intent.cap_hash,
    args,
    salt,
    argsCommitment: intent.args_c,
    labels: intent.labels,
    ...(intent.purpose === undefined ? {} : { purpose: intent.purpose }),
    approvals: intent.approval === undefined ? [] : [intent.approval],
    ...(intent.idem_key === undefined ? {} : { idempotencyKey: intent.idem_key }),
    ...(intent.retry_of === undefined ? {} : { retryOf: intent.retry_of }),
    accepts: intent.accepts ?? [],
    ...(intent.continues === undefined ? {} : { continues: intent.continues }),
    startedMs,
    deadlineMs: startedMs + intent.deadline_ms,
    chain,
    hops: intent.hops,
    ttlHops: intent.ttl_hops,
  }
}

async function sealReceipt(
  { signer, ledger, openAcks, overdueAcks, held, decisions, policyVersion }: ServeCallComponents,
  { intent, hash, salt }: AuthenticatedIntent,
  arrived: Arrived,
  ended: Released | Refused,
  entry: Appended,
): Promise<Uint8Array> {
  const decisionHash = decisions.of(hash)?.hash
  const receipt: Receipt = {
    v: 1,
    call_id: intent.call_id,
    intent_hash: hash,
    ...('refused' in ended ? refusedPart(ended) : releasedPart(ended)),
    ...(decisionHash === undefined ? {} : { decision_hash: decisionHash }),
    pol: policyVersion(),
    started: Math.floor(arrived.startedMs / 1000),
    finished: Math.floor(entry.tMs / 1000),
    log: { origin: ledger.origin, index: entry.seq, leaf_hash: entry.leafHash, mmd_s: MERGE_DELAY_SECONDS },
  }
  const signed = await signer.sign('hansa-receipt', receipt)
  openAcks.expect(intent.call_id, intent.iss, signed.hash)
  const envelope = Buffer.from(signed.text, 'utf8')
  const { call_id: callId, iss: peer } = intent
  if ('refused' in ended || !waitsForAck(ended)) {
    overdueAcks.watch(peer, callId)
    const [salt, bytes] = 'refused' in ended ? [NOTHING, NOTHING] : [ended.output.salt, ended.output.bytes]
    return encodeFrames([envelope, salt, bytes])
  }
  const { output } = ended
  held.hold({ callId, peer, receiptHash: signed.hash, argsSalt: salt, salt: output.salt, bytes: output.bytes })
  return encodeFrames([envelope, NOTHING, NOTHING])
}

/** Commit-then-reveal (security.md B8): what changed something, and what is sensitive, is handed out against its acknowledgement. */
function waitsForAck({ call, labels }: Released): boolean {
  return call.target.safety !== 'READ' || labels.length > 0
}

type OutcomePart = Pick<
  Receipt,
  'status' | 'code' | 'denial_id' | 'approval' | 'retry_of' | 'result_c' | 'labels' | 'obligations'
>

function releasedPart({ output, labels, obligations, repeated, status }: Released): OutcomePart {
  return {
    status,
    ...(status === 'failed' ? { code: 'internal' as const } : {}),
    ...(status === 'outcome_unknown' ? { code: status } : {}),
    ...(repeated === undefined ? {} : { retry_of: repeated }),
    result_c: output.commitment,
    labels,
    obligations,
  }
}

function refusedPart(refused: Refused): OutcomePart {
  return {
    status: statusOf(refused),
    code: refused.refused,
    denial_id: refused.denialId,
    ...(refused.approvalId === undefined ? {} : { approval: refused.approvalId }),
    result_c: null,
    labels: [],
    obligations: [],
  }
}

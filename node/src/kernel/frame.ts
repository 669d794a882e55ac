/** What the caller of this kernel gets: the frame of a released call, or the error of a refused one. */
import type { CallErrorDetail, CallStage, Frame } from '@hansa/protocols'
import { CallError } from '@hansa/protocols'
import type { Appended } from '@hansa/trust/ledger'
import type { Refused, Released, Stage } from './stages.ts'

/** @throws CallError when the capability itself says that it failed; its words are in the detail. */
export function answerOf(released: Released, entry: Appended, origin: string): Frame {
  const frame = frameOf(released, entry, origin)
  if (released.status === 'ok' || released.status === 'input_required') return frame
  const code = released.status === 'outcome_unknown' ? 'outcome_unknown' : 'internal'
  const stage = released.call.target.kind === 'imported' ? 'remote' : 'driver'
  throw new CallError({ code, callId: frame.callId, stage, frame })
}

function frameOf(released: Released, entry: Appended, origin: string): Frame {
  const { call, output, receipt } = released
  return {
    callId: call.callId,
    capability: call.target.ref,
    kind: output.kind,
    value: output.value,
    labels: released.labels,
    untrusted: released.untrusted,
    redactions: released.redactions.flatMap(({ path, rule, by }) =>
      by === 'egress_result' || by === 'ingress_result' ? [{ path, rule, by }] : [],
    ),
    obligations: released.obligations,
    // The entry that holds the peer's signed word, also where what became of the result is in a later one.
    audit: { origin, index: (receipt?.recorded ?? entry).seq },
    ...(call.route === undefined ? {} : { route: call.route }),
    ...(receipt === undefined || call.target.kind !== 'imported'
      ? {}
      : {
          remote: {
            did: call.target.peer,
            receiptHash: receipt.hash,
            log: { origin: receipt.receipt.log.origin, index: receipt.receipt.log.index },
            started: receipt.receipt.started,
            finished: receipt.receipt.finished,
          },
        }),
  }
}

export function errorOf(refused: Refused): CallError {
  const detail: CallErrorDetail = {
    code: refused.refused,
    // A peer that signed a refusal has its own name for it, and that is the one its operator can look up.
    denialId: refused.receipt?.receipt.denial_id ?? refused.denialId,
    callId: refused.call.callId,
    stage: stageOf(refused),
    ...(refused.approvalId === undefined ? {} : { approvalId: refused.approvalId }),
    ...refusedBy(refused),
  }
  return new CallError(detail)
}

/** Signed by the kernel that was called: it has done nothing. */
function refusedBy({ call: { target }, receipt }: Refused): Pick<CallErrorDetail, 'refusedBy'> {
  if (receipt?.receipt.status !== 'denied' || target?.kind !== 'imported') return {}
  const { origin, index } = receipt.receipt.log
  return { refusedBy: { did: target.peer, receiptHash: receipt.hash, log: { origin, index } } }
}

const NAMES: Readonly<Record<Stage, CallStage>> = {
  receive: 'receive',
  policy: 'policy',
  token: 'token',
  inbound: 'inbound',
  begin: 'remote',
  driver: 'driver',
  outbound: 'outbound',
}

/** What another kernel did is `remote`, wherever in this kernel it showed. */
function stageOf({ stage, call, receipt }: Refused): CallStage {
  if (stage === 'driver' && call.target?.kind === 'imported') return 'remote'
  if (receipt !== undefined && receipt.receipt.status !== 'ok') return 'remote'
  return NAMES[stage]
}

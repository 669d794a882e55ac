/** What a webhook is told of an approval. Pure: the same event is always the same message, also after a restart. */
import type { Approval, ApprovalEvent, Did } from '@hansa/protocols'

export const approvalMessageTypes = ['approval.requested', 'approval.decided', 'approval.expired'] as const
export type ApprovalMessageType = (typeof approvalMessageTypes)[number]

export type WebhookMessage = {
  /** Names it to the receiver, each time it is sent. */
  id: string
  type: ApprovalMessageType
  approval: string
  /** JSON. */
  body: string
  /** Unix seconds after which nobody needs to know any more. */
  until: number
}

export type ApprovalMessageInit = {
  kernel: Did
  /** Whether a request is told with its arguments, which may be secret. */
  includeArguments: boolean
}

/** Seconds for which it is worth telling what became of a request. */
const NEWS_SECONDS = 3_600

/** @returns for `watching` one message for each that waits, as it was told when it was requested. */
export function approvalMessages(event: ApprovalEvent, init: ApprovalMessageInit): WebhookMessage[] {
  if (event.type === 'watching') return event.waiting.map((approval) => requested(approval, init))
  const { type, at, approval } = event
  if (type === 'requested') return [requested(approval, init)]
  const until = at + NEWS_SECONDS
  if (type === 'expired') return [message('approval.expired', at, until, approval, facts(approval, init))]
  const { approver } = approval
  const data = { ...facts(approval, init), ...(approver === undefined ? {} : { approver }) }
  return [message('approval.decided', at, until, approval, data)]
}

function requested(approval: Approval, init: ApprovalMessageInit): WebhookMessage {
  const data = { ...facts(approval, init), ...(init.includeArguments ? { arguments: approval.args } : {}) }
  return message('approval.requested', approval.requested, approval.expires, approval, data)
}

/** No reason of an approver and nothing of an earlier approval: either may hold what the arguments hold. */
function facts(approval: Approval, { kernel }: ApprovalMessageInit): Record<string, unknown> {
  const { id, state, principal, onBehalfOf, capability, callId, action, requested, expires } = approval
  const who = onBehalfOf === undefined ? { principal } : { principal, on_behalf_of: onBehalfOf }
  return { kernel, id, state, ...who, capability, call_id: callId, action, requested, expires }
}

function message(
  type: ApprovalMessageType,
  at: number,
  until: number,
  { id }: Approval,
  data: Record<string, unknown>,
): WebhookMessage {
  const body = JSON.stringify({ type, timestamp: new Date(at * 1000).toISOString(), data })
  return { id: `${type.replace('.', '_')}_${id}`, type, approval: id, body, until }
}

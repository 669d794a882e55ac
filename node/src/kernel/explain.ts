/** What `invoke` would decide, and why, with nothing executed, minted, reserved or asked for. */
import type { Explanation, InvokeOptions } from '@hansa/protocols'
import { combineDecisions, formatObligations, type Obligations, type PolicyDecision } from '@hansa/trust'
import { arriveLocally, type LocalCallComponents } from './local-call.ts'
import { ask, decideLocally, mayAsk, obligationsOf, type PeerAnswer, type PolicyComponents } from './policy-stage.ts'
import type { Arrived, ImportedTarget, Received, Refusal } from './stages.ts'
import { isRefusal } from './stages.ts'

export type Explain = (capability: string, args: unknown, options: InvokeOptions) => Promise<Explanation>

export type ExplainComponents = LocalCallComponents &
  Pick<PolicyComponents, 'policy' | 'peers' | 'standing' | 'authority' | 'askPeer'> & {
    receive(arrived: Arrived): Promise<Received | Refusal>
  }

export function explainer(components: ExplainComponents): Explain {
  return async (capability, args, options) => {
    // A key would be claimed and a token used: an explanation takes neither.
    const { idempotencyKey: _key, token: _token, ...rest } = options
    const received = await components.receive(arriveLocally(capability, args, rest, components))
    if (isRefusal(received)) return unknownTarget(capability, received)
    const { target } = received
    const asks = target.kind === 'imported' && mayAsk(received, target, components)
    const answer = asks ? await askIfReachable(received, target, components) : undefined
    const seen = target.kind === 'imported' && target.trustPolicy === 'remote_deferred' ? answer : undefined
    return explanation(received, decideLocally(received, seen, components), answer)
  }
}

async function askIfReachable(
  call: Received,
  target: ImportedTarget,
  components: ExplainComponents,
): Promise<PeerAnswer> {
  const answer = await ask(call, target, components)
  return isRefusal(answer) ? { effect: 'unreachable', reason: answer.reason } : answer
}

function unknownTarget(capability: string, refusal: Refusal): Explanation {
  return {
    capability,
    safety: 'DESTRUCTIVE',
    decision: 'deny',
    code: refusal.refused,
    local: { effect: 'none', rules: [], reason: refusal.reason },
    obligations: [],
    stage: 'receive',
    remedy: remedies[refusal.refused] ?? 'Correct the call.',
  }
}

function explanation(call: Received, local: PolicyDecision, answer: PeerAnswer | undefined): Explanation {
  const { target } = call
  const obligations = obligationsOf(target.obligations, local)
  const { decision, code } = verdictOf(call, local, obligations, answer)
  const remedy = code === undefined ? undefined : remedies[code]
  return {
    capability: target.ref,
    safety: target.safety,
    decision,
    ...(code === undefined ? {} : { code }),
    local: { effect: local.effect, rules: local.rules, reason: local.reason },
    ...(answer === undefined ? {} : { remote: { effect: answer.effect, reason: answer.reason } }),
    ...(target.kind === 'imported' ? { trustPolicy: target.trustPolicy } : {}),
    obligations: obligations === undefined ? [] : formatObligations(obligations),
    ...(decision === 'permit' ? {} : { stage: 'policy' as const }),
    ...(remedy === undefined ? {} : { remedy }),
  }
}

function verdictOf(
  call: Received,
  local: PolicyDecision,
  obligations: Obligations | undefined,
  answer: PeerAnswer | undefined,
): Pick<Explanation, 'decision' | 'code'> {
  const { target } = call
  const own = local.effect === 'approval' ? 'permit' : local.effect
  if (target.kind === 'imported' && answer !== undefined) {
    const remote = answer.effect === 'none' ? 'deny' : answer.effect
    const { release, code } = combineDecisions(target.trustPolicy, own, remote)
    if (!release) return { decision: 'deny', code: code ?? 'policy_denied' }
  } else if (own !== 'permit') {
    return { decision: 'deny', code: 'policy_denied' }
  }
  if (obligations === undefined) return { decision: 'deny', code: 'policy_denied' }
  const approval = local.effect === 'approval' || obligations.humanApproval
  return approval ? { decision: 'approval_required', code: 'approval_required' } : { decision: 'permit' }
}

const remedies: Partial<Record<NonNullable<Explanation['code']>, string>> = {
  policy_denied: 'Ask the operator of the kernel that denies for a rule that allows this.',
  approval_required:
    'Call it, then have a person approve the request that is named in the error, and call again with it.',
  not_found: 'List what there is with `hansa capabilities`.',
  descriptor_mismatch: 'Refresh the import and look at what changed.',
  remote_refused:
    'Check that the peer runs and is reachable, then try again. If its operator restored it, import it again.',
  invalid_request: 'Correct the arguments.',
  busy: 'Try again later: what serves it is not there now.',
}

/**
 * The peer's own decision before the call, for `remote_deferred` and dry runs. The arguments are screened before they
 * leave, and the call that follows carries exactly the intent that was decided about; when obligations changed the
 * arguments meanwhile, the peer is asked again.
 */
import { commitTo, type Obligations } from '@hansa/trust'
import type { Detectors } from '../firewall/index.ts'
import { screenArguments } from '../kernel/inbound-stage.ts'
import { deniedIn, type PeerAnswer } from '../kernel/policy-stage.ts'
import type { ImportedTarget, OutboundIntent, Received, Refusal, Screened } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import type { OutboundExchange } from './outbound-exchange.ts'

export type AskPeerComponents = { exchange: OutboundExchange; detectors: Detectors; nowMs(): number }

export function askPeer(
  components: AskPeerComponents,
): (call: Received, target: ImportedTarget, obligations: Obligations) => Promise<PeerAnswer | Refusal> {
  return async (call, target, obligations) => {
    const args = screenedArguments(call, obligations, components.detectors)
    return isRefusal(args) ? args : ask(call, target, args, components.exchange)
  }
}

/** The intent of a call whose arguments have passed the firewall: the one that was decided about, when it still stands. */
export function prepareIntent({
  exchange,
  nowMs,
}: AskPeerComponents): (call: Screened) => Promise<OutboundIntent | Refusal> {
  return async (call) => {
    const { target, remoteDecision } = call
    if (target.kind !== 'imported') throw new TypeError('only imported capabilities have an intent')
    if (remoteDecision === undefined) return exchange.prepare(call, target, call.input)
    const { asked } = remoteDecision
    if (Buffer.compare(asked.bytes, call.input.bytes) === 0 && nowMs() < asked.outbound.intent.exp * 1000)
      return asked.outbound
    const answer = await ask(call, target, call.input, exchange)
    if (answer.effect === 'permit') return answer.asked.outbound
    return {
      refused: answer.effect === 'unreachable' ? 'remote_refused' : 'policy_denied',
      reason: `the peer: ${answer.reason}`,
      ...deniedIn(answer),
    }
  }
}

type Arguments = Screened['input']

async function ask(
  call: Received,
  target: ImportedTarget,
  args: Arguments,
  exchange: OutboundExchange,
): Promise<PeerAnswer> {
  const outbound = await exchange.prepare(call, target, args)
  if (isRefusal(outbound)) return { effect: 'unreachable', reason: outbound.reason }
  return exchange.ask(target, outbound, args, call.signal)
}

function screenedArguments(call: Received, obligations: Obligations, detectors: Detectors): Arguments | Refusal {
  const outcome = screenArguments(call, obligations, detectors)
  if (!outcome.ok) return { refused: outcome.code, reason: outcome.reason, verdicts: outcome.verdicts }
  const { bytes, value, labels } = outcome
  const commitment = bytes === call.args ? call.argsCommitment : commitTo(call.salt, bytes)
  return { bytes, value, salt: call.salt, commitment, labels }
}

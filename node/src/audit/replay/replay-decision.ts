/**
 * Decides a recorded call again, under another policy: peers, standing and capabilities are as they are now, the time is
 * that of the call. What is not known is not guessed. Pure.
 */
import type { CapabilityDetail, KnownPeer } from '@hansa/protocols'
import { parseCapabilityRef } from '@hansa/protocols'
import {
  admitsPurpose,
  type CompiledPolicy,
  combineObligations,
  isUnsatisfiable,
  type PolicyDecision,
  type PolicyFacts,
  parseObligations,
  type UnknownFact,
  whatIf,
} from '@hansa/trust'
import { delegationFacts } from '../../delegation/delegation-facts.ts'
import type { DecisionKind, RecordedDecision } from './recorded-decision.ts'

export type ReplayWorld = {
  policy: CompiledPolicy
  peer(did: string): KnownPeer | undefined
  /** As it is now; undefined when it is not offered or imported any more. */
  capability(
    ref: string,
  ): Pick<CapabilityDetail, 'hash' | 'safety' | 'sensitivity' | 'obligations' | 'trustPolicy'> | undefined
}

export type ReplayAnswer =
  | { decided: true; now: DecisionKind; rules: string[]; reason: string }
  | { decided: false; rules: string[]; needs: UnknownFact[] }

/** Of a kernel about which nothing is said. */
const STRANGER = 200

/** @param args as the rules saw them; undefined when they are not known */
export function replayDecision(call: RecordedDecision, world: ReplayWorld, args?: { value: unknown }): ReplayAnswer {
  const capability = capabilityOf(call, world)
  const trustPolicy = call.trustPolicy ?? world.capability(call.capability)?.trustPolicy
  const deferred = trustPolicy === 'remote_deferred'
  const unknown = new Set<UnknownFact>([
    ...(args === undefined ? (['args'] as const) : []),
    ...(call.purpose === undefined ? (['purpose'] as const) : []),
    ...(capability === undefined ? (['capability'] as const) : []),
    ...(deferred ? (['peer_answer'] as const) : []),
    ...(call.chain === undefined ? (['delegation'] as const) : []),
    // Nobody vouches here for agents of other kernels.
    ...(call.caller === undefined ? (['sponsor'] as const) : []),
    ...(call.peer === undefined ? [] : (['agreement'] as const)),
  ])
  const peer = call.caller === undefined ? undefined : world.peer(call.caller)
  // A call that was sent under remote_deferred was permitted by the peer, so that no own rule was needed.
  const nonePermits = (call.caller !== undefined && peer?.sameOwner === true) || (deferred && call.was !== 'deny')
  const answer = whatIf(world.policy, factsOf(call, capability, peer, args), unknown, nonePermits)
  if (!answer.decided) return answer
  const { decision } = answer
  const kind = kindOf(decision, nonePermits)
  if (kind === 'deny') return { decided: true, now: 'deny', rules: decision.rules, reason: decision.reason }
  if (deferred && call.was === 'deny') return { decided: false, rules: decision.rules, needs: ['peer_answer'] }
  return withDuties(call, decision, capability)
}

function kindOf({ effect }: PolicyDecision, nonePermits: boolean): DecisionKind {
  if (effect === 'none') return nonePermits ? 'permit' : 'deny'
  return effect === 'error' ? 'deny' : effect
}

/** What the capability demands joins what the rules demand. */
function withDuties(
  call: RecordedDecision,
  decision: PolicyDecision,
  capability: ReturnType<typeof capabilityOf>,
): ReplayAnswer {
  const { rules, reason } = decision
  const declared = parseObligations(capability?.obligations ?? [])
  const duties = declared.ok ? combineObligations(declared.obligations, decision.obligations) : undefined
  if (duties === undefined || isUnsatisfiable(duties)) {
    return { decided: true, now: 'deny', rules, reason: 'a duty is not understood, or cannot be met' }
  }
  if (duties.purposes !== undefined && call.purpose === undefined) return { decided: false, rules, needs: ['purpose'] }
  if (!admitsPurpose(duties, call.purpose?.value)) {
    return { decided: true, now: 'deny', rules, reason: 'its purpose is none of those that are demanded' }
  }
  const approval = decision.effect === 'approval' || duties.humanApproval
  // Whether a person has to approve is a duty of some capabilities. One that did not demand it then does not now.
  if (capability === undefined && !approval && call.was !== 'permit')
    return { decided: false, rules, needs: ['capability'] }
  return { decided: true, now: approval ? 'approval' : 'permit', rules, reason }
}

function capabilityOf({ capability, capHash }: RecordedDecision, world: ReplayWorld) {
  const found = world.capability(capability)
  return found !== undefined && found.hash === capHash ? found : undefined
}

/** As it is now. Of the kernel that a call went to nothing is known here: a rule that looks at it finds the best. */
function peerFacts(caller: string | undefined, peer: KnownPeer | undefined): Pick<PolicyFacts, 'peer'> {
  if (caller === undefined) return {}
  return { peer: { did: caller, score: peer?.score ?? peer?.standing ?? STRANGER, tier: peer?.tier ?? 'probation' } }
}

function factsOf(
  call: RecordedDecision,
  capability: ReturnType<typeof capabilityOf>,
  peer: KnownPeer | undefined,
  args: { value: unknown } | undefined,
): PolicyFacts {
  const { principal, caller } = call
  // Only what an operator said about a kernel names it in rules; the alias of an import does not.
  const aliases = peer?.alias === undefined || peer.source === 'import' ? [] : [`peer:${peer.alias}`]
  const alias = caller === undefined ? parseCapabilityRef(call.capability)?.alias : undefined
  return {
    subject: {
      ids: caller === undefined ? [principal] : [caller, ...aliases],
      did: caller ?? '',
      kind: caller !== undefined ? 'kernel' : principal.startsWith('person:') ? 'person' : 'agent',
      standing: caller === undefined ? 1000 : (peer?.score ?? peer?.standing ?? STRANGER),
    },
    ...peerFacts(caller, peer),
    action: 'invoke',
    resource: {
      id: call.capability,
      safety: capability?.safety ?? 'DESTRUCTIVE',
      sensitivity: capability?.sensitivity ?? [],
      ...(alias === undefined ? {} : { peer: alias }),
    },
    ...(call.chain === undefined || call.chain.length === 0 ? {} : { delegation: delegationFacts(call.chain) }),
    args: args?.value,
    ...(call.purpose?.value === undefined ? {} : { purpose: call.purpose.value }),
    now: Math.floor(call.tMs / 1000),
  }
}

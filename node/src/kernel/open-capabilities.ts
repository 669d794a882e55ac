/**
 * What is open to a caller before it says with what arguments: capabilities for which the rules, sanctions and exceptions
 * of this kernel leave some call possible. No peer is asked, nothing is counted, and a call is decided on its own all the
 * same: this is what may be shown, not what is permitted.
 */
import type { CapabilityDescriptor, CapabilityInfo } from '@hansa/protocols'
import { type PolicyDecision, type UnknownFact, whatIf } from '@hansa/trust'
import { arriveLocally, type LocalCallComponents } from './local-call.ts'
import { factsOf, type PolicyComponents } from './policy-stage.ts'
import type { Received, Target } from './stages.ts'

/** Whoever asks what there is. */
export type Asking = { principal?: string; onBehalfOf?: string; issuer?: string }

export type OpenCapability = { info: CapabilityInfo; descriptor: CapabilityDescriptor }

export type OpenCapabilitiesComponents = LocalCallComponents &
  Pick<PolicyComponents, 'policy' | 'peers' | 'standing' | 'authority'> & {
    /** Everything that is known and described, callable or not. */
    described(): Promise<OpenCapability[]>
    find(ref: string): Target | undefined
  }

export interface OpenCapabilities {
  /** @throws CallError `invalid_request` for a principal that is none. */
  to(asking: Asking): Promise<OpenCapability[]>
  /** Another text once `to` may answer otherwise. */
  stamp(): Promise<string>
}

/** What a caller has not said yet. */
const unsaid: ReadonlySet<UnknownFact> = new Set([
  'args',
  'purpose',
  'peer_answer',
  'delegation',
  'sponsor',
  'agreement',
])

export function openCapabilities(components: OpenCapabilitiesComponents): OpenCapabilities {
  const { described, find, policy } = components
  return {
    async to(asking) {
      const arrived = arriveLocally('any', {}, asking, components)
      const isOpen = ({ info: { ref, state } }: OpenCapability) => {
        const target = state === 'available' || state === 'unavailable' ? find(ref) : undefined
        return target !== undefined && mayBePermitted({ ...arrived, capability: ref, target, value: {} }, components)
      }
      return (await described()).filter(isOpen)
    },
    async stamp() {
      const known = (await described()).map(({ info: { ref, hash, state } }) => `${ref} ${hash} ${state}`)
      return [policy.version, ...known].join('\n')
    },
  }
}

function mayBePermitted(call: Received, components: OpenCapabilitiesComponents): boolean {
  const { authority, policy } = components
  if (authority.refusal(call) !== undefined) return false
  const answer = whatIf(policy.current, factsOf(call, undefined, components), unsaid)
  return !answer.decided || permits(authority.over(call, answer.decision))
}

function permits({ effect }: PolicyDecision): boolean {
  return effect === 'permit' || effect === 'approval'
}

/**
 * What sanctions and exceptions say of a call, over what the rules say. Asked in the one place where calls are decided
 * (`decideLocally`), for calls of this kernel's principals, of peers and to peers alike, and never in a handler.
 */
import type { Did, Principal } from '@hansa/protocols'
import { noObligations, type PolicyDecision } from '@hansa/trust'
import { admits, isGovernanceCapability, type ScopedCall } from '@hansa/trust/governance'
import type { Granted, Permitted, Received, Refusal } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import type { Sanctions } from './sanctions.ts'

export interface Exceptions {
  /** @returns the id of an exception that is in force for exactly this principal, or this kernel, and capability. */
  permitting(who: readonly (Did | Principal)[], capability: string): string | undefined
}

export interface CallAuthority {
  /** Why the call must not be made, whatever the rules and a peer say. */
  refusal(call: Received): string | undefined
  over(call: Received, decision: PolicyDecision): PolicyDecision
}

export type CallAuthorityComponents = {
  sanctions: Sanctions
  exceptions: Exceptions
  /** Whether a case about a principal is not final. */
  cases: { concerns(who: Principal): boolean }
}

export function callAuthority({ sanctions, exceptions, cases }: CallAuthorityComponents): CallAuthority {
  const isConcerned = ({ caller: { principal } }: Received) =>
    cases.concerns(principal) || sanctions.on(principal) !== undefined
  const refusal = (call: Received) => refusedBy(call, sanctions)
  return {
    refusal,
    over(call, decision) {
      const reason = refusal(call)
      if (reason !== undefined)
        return { effect: 'deny', rules: ['sanction'], obligations: noObligations, limits: [], reason }
      // Only to them: identities cost nothing, and every call that is permitted is two entries of the log.
      if (isOwnGovernance(call) && isConcerned(call))
        return permit('governance', 'whoever has a case can read it and appeal')
      if (decision.effect === 'permit') return decision
      const exception = exceptions.permitting(namesOf(call), call.target.ref)
      return exception === undefined ? decision : permit(`break_glass:${exception}`, 'two persons made an exception')
    },
  }
}

/** For whoever decides by rules alone. */
export const rulesAlone: CallAuthority = { refusal: () => undefined, over: (_call, decision) => decision }

/** A quarantined principal reads unlabelled data only, so the token of its call covers no label that is found later. */
export function narrowedInQuarantine(
  stage: (call: Permitted) => Granted | Refusal,
  sanctions: Sanctions,
): (call: Permitted) => Granted | Refusal {
  return (call) => {
    const granted = stage(call)
    if (isRefusal(granted) || isGovernanceCapability(call.target.id)) return granted
    const names = [...namesOf(call), ...(call.target.kind === 'imported' ? [call.target.peer] : [])]
    const quarantined = names.some((name) => sanctions.over(name, scopedCall(call))?.kind === 'quarantine')
    return quarantined ? { ...granted, grant: { ...granted.grant, labelsMax: [] } } : granted
  }
}

function refusedBy(call: Received, sanctions: Sanctions): string | undefined {
  const { caller, target, labels } = call
  const facts = { safety: target.safety, labelled: target.labels.length > 0 || labels.length > 0 }
  const scoped = scopedCall(call)
  const own = sanctions.over(caller.principal, scoped)
  // Only this kernel's own offer of it is what its sanctioned principals can always call.
  const id = target.kind === 'local' ? target.id : target.ref
  if (own !== undefined && !admits(own.kind, { ...facts, id })) return sentence(caller.principal, own)
  const member = sanctionedMember(call, sanctions)
  if (member !== undefined && !admits(member.sanction.kind, { ...facts, id }))
    return sentence(member.did, member.sanction)
  const peer = target.kind === 'imported' ? sanctions.over(target.peer, scoped) : undefined
  if (target.kind !== 'imported' || peer === undefined || admits(peer.kind, { ...facts, id: target.id }))
    return undefined
  return sentence(target.peer, peer)
}

function scopedCall({ caller, target }: Pick<Received, 'caller' | 'target'>): ScopedCall {
  const direction = caller.kind === 'peer' ? 'inbound' : target.kind === 'imported' ? 'outbound' : 'local'
  return { id: target.id, ref: target.ref, caller: caller.principal, direction }
}

/** Whoever acts under a chain acts for everybody in it, whoever of them a scope names. */
function sanctionedMember(call: Received, sanctions: Sanctions) {
  const scoped = { ...scopedCall(call), direction: 'inbound' } as const
  for (const { iss } of call.delegation?.links ?? []) {
    const sanction = sanctions.over(iss, scoped)
    if (sanction !== undefined) return { did: iss, sanction }
  }
  return undefined
}

const words = { warn: 'warned', quarantine: 'in quarantine', suspend: 'suspended', ban: 'banned' } as const

function sentence(who: string, { kind, until, case: id, scope }: NonNullable<ReturnType<Sanctions['on']>>): string {
  const part = scope?.capabilities === undefined ? '' : ` for ${scope.capabilities.join(', ')}`
  const end = until === null ? '' : ` until ${new Date(until * 1000).toISOString().slice(0, 19)}Z`
  return `${who} is ${words[kind]}${part}${end} (case ${id}); governance.case and governance.appeal are open to it`
}

function isOwnGovernance({ target }: Received): boolean {
  return target.kind === 'local' && isGovernanceCapability(target.id)
}

function namesOf({ caller }: Received): (Did | Principal)[] {
  return caller.kind === 'peer' ? [caller.principal, caller.did] : [caller.principal]
}

function permit(rule: string, reason: string): PolicyDecision {
  return { effect: 'permit', rules: [rule], obligations: noObligations, limits: [], reason }
}

/**
 * What sanctions and exceptions say of a call, over what the rules say. Asked in the one place where calls are decided
 * (`decideLocally`), for calls of this kernel's principals, of peers and to peers alike, and never in a handler.
 */
import { type Did, isPrincipal, type Principal } from '@hansa/protocols'
import { noObligations, type PolicyDecision } from '@hansa/trust'
import { admits, isGovernanceCapability, type ScopedCall } from '@hansa/trust/governance'
import type { Granted, Permitted, Received, Refusal } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import { actsFor, namedBy } from '../kernel/stands-for.ts'
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
  self: Did
  sanctions: Sanctions
  exceptions: Exceptions
  /** Whether a case about a principal is not final. */
  cases: { concerns(who: Principal): boolean }
}

export function callAuthority({ self, sanctions, exceptions, cases }: CallAuthorityComponents): CallAuthority {
  const isConcerned = ({ caller: { principal } }: Received) =>
    cases.concerns(principal) || sanctions.on(principal) !== undefined
  const refusal = (call: Received) => refusedBy(call, self, sanctions)
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
  { self, sanctions }: Pick<CallAuthorityComponents, 'self' | 'sanctions'>,
): (call: Permitted) => Granted | Refusal {
  return (call) => {
    const granted = stage(call)
    if (sanctions.isEmpty || isRefusal(granted) || isGovernanceCapability(call.target.id)) return granted
    const quarantined = everybodyIn(call, self).some(({ who, as }) => sanctions.over(who, as)?.kind === 'quarantine')
    return quarantined ? { ...granted, grant: { ...granted.grant, labelsMax: [] } } : granted
  }
}

function refusedBy(call: Received, self: Did, sanctions: Sanctions): string | undefined {
  if (sanctions.isEmpty) return undefined
  const { target, labels } = call
  const facts = { safety: target.safety, labelled: target.labels.length > 0 || labels.length > 0 }
  for (const { who, as, id } of everybodyIn(call, self)) {
    const sanction = sanctions.over(who, as)
    if (sanction !== undefined && !admits(sanction.kind, { ...facts, id })) return sentence(who, sanction)
  }
  return undefined
}

type Concerned = {
  who: Did | Principal
  as: ScopedCall /** By which governance is told from other calls. */
  id: string
}

/**
 * Whoever is behind a call, each as if it had made it alone: who calls, for whom, who gave what it is made under and for
 * whom, the kernels that the work has passed, and who serves it.
 */
function everybodyIn(call: Received, self: Did): Concerned[] {
  const { caller, target, delegation, hops } = call
  const as = scopedCall(call)
  // Only this kernel's own offer of it is what its sanctioned principals can always call.
  const id = target.kind === 'local' ? target.id : target.ref
  const inbound: ScopedCall = { ...as, direction: 'inbound' }
  const behind = [...(delegation?.links ?? []).map(({ iss }) => iss), ...(caller.kind === 'peer' ? hops : [])]
  // A sanction of a kernel may be for some agents: whoever acts, and whoever it acts for.
  const callers = [caller.principal, ...onBehalfIn(caller)]
  const asEach = callers.map((who) => ({ who, as: { ...as, caller: who } }))
  return [
    ...asEach.map((one) => ({ ...one, id })),
    ...[...new Set(behind)].map((who) => ({ who, as: inbound, id })),
    ...givenFor(delegation, self).map((who) => ({ who, as: { ...inbound, caller: who }, id })),
    ...(target.kind === 'imported' ? asEach.map((one) => ({ who: target.peer, as: one.as, id: target.id })) : []),
  ]
}

/** Who is sanctioned here does not act through another principal. */
function onBehalfIn(caller: Received['caller']): Principal[] {
  const who = actsFor(caller)
  return who === undefined ? [] : [who]
}

/** For whom the links of a chain were given, each as its issuer names it: nor through what was passed on for it. */
function givenFor(delegation: Received['delegation'], self: Did): Principal[] {
  const named = (delegation?.links ?? []).flatMap(({ iss, obo }) => {
    if (obo === undefined) return []
    if (iss !== self) return [namedBy(iss, obo)]
    return isPrincipal(obo) ? [obo] : []
  })
  return [...new Set(named)]
}

function scopedCall({ caller, target }: Pick<Received, 'caller' | 'target'>): ScopedCall {
  const direction = caller.kind === 'peer' ? 'inbound' : target.kind === 'imported' ? 'outbound' : 'local'
  return { id: target.id, ref: target.ref, caller: caller.principal, direction }
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

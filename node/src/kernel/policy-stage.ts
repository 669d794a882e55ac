/**
 * What the rules of this kernel say about the call and, under `remote_deferred`, what the peer says first; then the
 * approval, the rate windows and a place in line. Nothing is taken before everything that can refuse has spoken.
 */
import type { Clock, Obligation } from '@hansa/protocols'
import {
  admitsPurpose,
  combineDecisions,
  combineObligations,
  DEFAULT_CALLS_PER_MINUTE,
  deniesUnasked,
  evaluatePolicy,
  isUnsatisfiable,
  type Obligations,
  type PolicyDecision,
  type PolicyFacts,
  parseObligations,
  type RateLimit,
  type RateWindow,
} from '@hansa/trust'
import { MAX_SCORE } from '@hansa/trust/score'
import { agreedWindows } from '../agreement/agreed-window.ts'
import { delegationFacts } from '../delegation/delegation-facts.ts'
import type { CallAuthority } from '../governance/call-authority.ts'
import type { Standing } from '../standing/standing.ts'
import { callsPerDay, dailyWindow, isUnlabelledOnly, leastStanding, refuseStanding } from '../standing/tier-gate.ts'
import { actionHash } from './approval-action.ts'
import type { ApprovalBook } from './approvals.ts'
import { argumentsOf } from './continuation.ts'
import type { InFlight } from './in-flight.ts'
import type { PeerSettings } from './peer-settings.ts'
import { placeOf } from './place-of.ts'
import type { PolicyHolder } from './policy-holder.ts'
import type { AskedIntent, ImportedTarget, Permitted, Received, Refusal } from './stages.ts'
import { isRefusal } from './stages.ts'
import { actsFor } from './stands-for.ts'

/** The peer's answer to "would you permit this?". */
export type PeerAnswer =
  | {
      effect: 'permit' | 'deny' | 'none'
      obligations: readonly Obligation[]
      hash: string
      asked: AskedIntent
      reason: string
    }
  | { effect: 'unreachable' | 'invalid'; reason: string }

export type PolicyComponents = {
  clock: Clock
  policy: PolicyHolder
  peers: PeerSettings
  standing: Standing
  authority: CallAuthority
  approvals: ApprovalBook
  rates: RateWindow
  inFlight: InFlight
  /** Asks the peer for its decision, for `remote_deferred`. The arguments are screened before they leave, under these obligations. */
  askPeer(call: Received, target: ImportedTarget, obligations: Obligations): Promise<PeerAnswer | Refusal>
}

export function policyStage(components: PolicyComponents): (call: Received) => Promise<Permitted | Refusal> {
  return async (call) => {
    const { target } = call
    const answer = await peerAnswer(call, components)
    if (answer !== undefined && isRefusal(answer)) return answer
    const decision = decideLocally(call, answer, components)
    const refusal = refusalOf(call, decision, answer)
    if (refusal !== undefined) return { ...refusal, decision }
    const obligations = obligationsOf(target.obligations, decision)
    if (obligations === undefined)
      return { refused: 'policy_denied', reason: 'an obligation is not understood or cannot be met', decision }
    const purpose = refusePurpose(call, obligations)
    if (purpose !== undefined) return { ...purpose, decision }
    const permitted: Permitted = {
      ...call,
      decision,
      obligations,
      ...(isKeptFromLabels(call, components) ? { unlabelledOnly: true as const } : {}),
      ...(answer !== undefined && 'hash' in answer
        ? { remoteDecision: { hash: answer.hash, obligations: answer.obligations, asked: answer.asked } }
        : {}),
    }
    return admit(permitted, components)
  }
}

async function peerAnswer(call: Received, components: PolicyComponents): Promise<PeerAnswer | Refusal | undefined> {
  const { target } = call
  if (target.kind !== 'imported' || target.trustPolicy !== 'remote_deferred') return undefined
  return mayAsk(call, target, components) ? ask(call, target, components) : undefined
}

/** What the rules oblige this kernel to do with the arguments, as far as they speak before the peer has, holds for the question too. */
export async function ask(
  call: Received,
  target: ImportedTarget,
  components: Deciding & Pick<PolicyComponents, 'askPeer'>,
): Promise<PeerAnswer | Refusal> {
  const obligations = obligationsOf(target.obligations, decideLocally(call, undefined, components))
  if (obligations === undefined)
    return { refused: 'policy_denied', reason: 'an obligation is not understood or cannot be met' }
  return components.askPeer(call, target, obligations)
}

type Deciding = Pick<PolicyComponents, 'policy' | 'peers' | 'standing' | 'authority' | 'clock'>

/** Whether the arguments may go to the peer for its opinion: not where no opinion could make this kernel permit the call. */
export function mayAsk(call: Received, target: ImportedTarget, components: Deciding): boolean {
  if (components.authority.refusal(call) !== undefined) return false
  if (target.trustPolicy === 'remote_deferred') {
    return !deniesUnasked(components.policy.current, factsOf(call, undefined, components))
  }
  const { effect } = decideLocally(call, undefined, components)
  return effect === 'permit' || effect === 'approval'
}

/**
 * The one place where a call is authorised: the rules in force, what the standing of a peer permits under them, and over
 * both sanctions and exceptions. Used by `explain` and `decide` too, so that they cannot differ from `invoke`.
 */
export function decideLocally(call: Received, answer: PeerAnswer | undefined, components: Deciding): PolicyDecision {
  const decision = decideByRules(call, answer, components)
  return components.authority.over(call, withinStanding(call, decision, components.standing))
}

function withinStanding(call: Received, decision: PolicyDecision, standing: Standing): PolicyDecision {
  if (decision.effect !== 'permit' && decision.effect !== 'approval') return decision
  const reason = refuseStanding(call, standing)
  return reason === undefined ? decision : { ...decision, effect: 'deny', rules: ['standing'], reason }
}

function decideByRules(call: Received, answer: PeerAnswer | undefined, components: Deciding): PolicyDecision {
  const { caller } = call
  const decision = evaluatePolicy(components.policy.current, factsOf(call, answer, components))
  // Both kernels belong to one owner: this side does not insist on a rule of its own. A deny still denies.
  if (decision.effect === 'none' && caller.kind === 'peer' && components.peers.of(caller.did).sameOwner) {
    return {
      ...decision,
      effect: 'permit',
      rules: ['same_owner'],
      reason: 'the peer is listed as having the same owner',
    }
  }
  return decision
}

/** What the rules see of the call. */
export function factsOf(
  call: Received,
  answer: PeerAnswer | undefined,
  { standing, clock }: Pick<Deciding, 'standing' | 'clock'>,
): PolicyFacts {
  const { caller, target, delegation, sponsor, agreement } = call
  return {
    subject: {
      ids:
        caller.kind === 'peer' ? [caller.did, ...caller.aliases.map((alias) => `peer:${alias}`)] : [caller.principal],
      did: caller.kind === 'peer' ? caller.did : '',
      kind: caller.kind === 'peer' ? 'kernel' : caller.principal.startsWith('person:') ? 'person' : 'agent',
      standing: caller.kind === 'peer' ? leastStanding(call, standing.of(caller.did)).score : MAX_SCORE,
    },
    ...peerFacts(call, standing),
    action: 'invoke',
    resource: {
      id: target.ref,
      safety: target.safety,
      sensitivity: [...target.labels],
      ...(target.kind === 'imported' ? { peer: target.alias } : {}),
    },
    ...(delegation === undefined ? {} : { delegation: delegationFacts(delegation.links) }),
    ...(sponsor === undefined ? {} : { sponsor }),
    ...(agreement === undefined ? {} : { agreement }),
    args: argumentsOf(call, call.value),
    ...(call.purpose === undefined ? {} : { purpose: call.purpose }),
    ...(answer !== undefined && 'hash' in answer
      ? { remote: { effect: answer.effect, obligations: [...answer.obligations] } }
      : {}),
    now: Math.floor(clock.now() / 1000),
  }
}

/** The other kernel, whether it asks or is asked. */
function peerFacts({ caller, target }: Received, standing: Standing): Pick<PolicyFacts, 'peer'> {
  const did = caller.kind === 'peer' ? caller.did : target.kind === 'imported' ? target.peer : undefined
  return did === undefined ? {} : { peer: { did, ...standing.of(did) } }
}

function refusalOf(call: Received, decision: PolicyDecision, answer: PeerAnswer | undefined): Refusal | undefined {
  const local = decision.effect === 'approval' ? 'permit' : decision.effect
  const { target } = call
  if (target.kind === 'local') {
    return local === 'permit' ? undefined : { refused: 'policy_denied', reason: decision.reason }
  }
  // Under the other two policies the peer speaks by its receipt; that the call may be sent is decided here.
  const remote = answer === undefined ? 'permit' : answer.effect === 'none' ? 'deny' : answer.effect
  const { send, code } = combineDecisions(target.trustPolicy, local, remote)
  if (send) return undefined
  const reason = answer !== undefined && remote !== 'permit' ? `the peer: ${answer.reason}` : decision.reason
  return { refused: code ?? 'policy_denied', reason, ...deniedIn(answer) }
}

/** What the peer has signed against the call counts there, whatever is decided here. */
export function deniedIn(answer: PeerAnswer | undefined): Pick<Refusal, 'deniedByPeer'> {
  return answer?.effect === 'deny' || answer?.effect === 'none' ? { deniedByPeer: true } : {}
}

function isKeptFromLabels(call: Received, { standing }: Deciding): boolean {
  const { caller } = call
  return caller.kind === 'peer' && isUnlabelledOnly(leastStanding(call, standing.of(caller.did)))
}

/** @returns undefined when one is not understood, or two together leave nothing. */
export function obligationsOf(declared: readonly Obligation[], decision: PolicyDecision): Obligations | undefined {
  const parsed = parseObligations(declared)
  if (!parsed.ok) return undefined
  const combined = combineObligations(parsed.obligations, decision.obligations)
  return isUnsatisfiable(combined) ? undefined : combined
}

function refusePurpose(call: Received, obligations: Obligations): Refusal | undefined {
  if (admitsPurpose(obligations, call.purpose)) return undefined
  return { refused: 'policy_denied', reason: `the purpose has to be one of ${obligations.purposes?.join(', ')}` }
}

/** Approval, place, rate: in this order, and what was taken is given back when the next one refuses. */
async function admit(call: Permitted, components: PolicyComponents): Promise<Permitted | Refusal> {
  const approved = await approve(call, components.approvals)
  if (isRefusal(approved)) return approved
  const full = refusePlace(call, components) ?? refuseRate(call, components)
  if (full === undefined) return approved
  if (approved.approval !== undefined) components.approvals.release(approved.approval, call.callId)
  return { ...full, decision: call.decision }
}

async function approve(call: Permitted, approvals: ApprovalBook): Promise<Permitted | Refusal> {
  const needed = call.decision.effect === 'approval' || call.obligations.humanApproval === true
  // A repeated call does nothing, so it needs no second approval.
  if (!needed || call.repeat !== undefined) return call
  const [principal, capability, capHash] = [call.caller.principal, call.target.ref, call.target.hash]
  const onBehalfOf = actsFor(call.caller)
  const { continues } = call
  const action = actionHash({ principal, onBehalfOf, capability, capHash, continues, args: call.args })
  const approval = call.approvals.find((id) => approvals.reserve(id, action, call.callId))
  if (approval !== undefined) return { ...call, approval }
  const approvalId = await approvals.request({
    action,
    principal,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    capability,
    capHash,
    callId: call.callId,
    ...(continues === undefined ? {} : { continues }),
    args: Buffer.from(call.args).toString('utf8'),
  })
  if (approvalId === undefined)
    return { refused: 'busy', reason: 'too many requests for approval wait', decision: call.decision }
  const reason = call.approvals.length === 0 ? 'a person has to approve' : 'no approval that was named fits this action'
  return { refused: 'approval_required', reason, approvalId, decision: call.decision }
}

/** Last, because a rate cannot be given back: a call counts from here on, whatever becomes of it. */
function refuseRate(call: Permitted, components: PolicyComponents): Refusal | undefined {
  const { rates, clock, inFlight } = components
  const verdict = rates.admitAll(rateLimits(call, components), clock.now())
  if (verdict.ok) return undefined
  inFlight.leave(placeOf(call))
  const about = verdict.key.split('\n').slice(1).join(', rule ')
  return { refused: 'rate_limited', reason: `${verdict.reason}: ${about}` }
}

/** The windows that a call counts in: its capability's, one per rule that sets a limit, and the day of a peer. */
function rateLimits(call: Permitted, { standing }: Deciding): RateLimit[] {
  const who = call.caller.kind === 'peer' ? call.caller.did : call.caller.principal
  const base = `${who}\n${call.target.ref}`
  const calls = call.target.limits.calls_per_minute ?? DEFAULT_CALLS_PER_MINUTE[call.target.safety]
  const windows = [{ key: base, calls, perSeconds: 60 }]
  for (const { rule, calls: limit, perSeconds } of call.decision.limits) {
    windows.push({ key: `${base}\n${rule}`, calls: limit, perSeconds })
  }
  windows.push(...agreedWindows(call))
  if (call.caller.kind === 'peer') {
    const { did } = call.caller
    windows.push({ ...dailyWindow(did), calls: callsPerDay(standing.of(did)) })
  }
  return windows
}

function refusePlace(call: Permitted, { inFlight }: PolicyComponents): Refusal | undefined {
  const full = inFlight.enter(placeOf(call))
  return full === undefined ? undefined : { refused: 'busy', reason: `too many calls at the same time: ${full}` }
}

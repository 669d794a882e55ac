/**
 * `POST /hansa/v1/decide`: what this kernel's policy says to exactly this intent, signed, for `remote_deferred` and dry
 * runs. Nothing is executed, minted or reserved, and no approval is asked for; the decision is in the ledger before it
 * leaves.
 */
import type { Decision, Did, EntryDraft, InboundReply, InboundRequest } from '@hansa/protocols'
import { DECISION_TYP } from '@hansa/protocols'
import { formatObligations, type Signer, signJws, taggedHash } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'
import { MAX_RULES } from '../kernel/audit-stage.ts'
import { decideLocally, type PolicyComponents } from '../kernel/policy-stage.ts'
import type { Arrived, Received, Refusal } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import { type AuthenticateComponents, type AuthenticatedIntent, authenticateIntent } from './authenticate-intent.ts'
import { servedFor } from './call-fault.ts'
import type { DecisionMemory } from './decision-memory.ts'
import { refusalReply } from './inbound-reply.ts'
import { type RefusalBudget, RefusalUnsigned } from './refusal-budget.ts'
import type { RefusalCounter } from './refusal-counter.ts'
import { arrivedFrom } from './serve-call.ts'

export type ServeDecideComponents = AuthenticateComponents &
  Pick<PolicyComponents, 'policy' | 'peers' | 'standing' | 'authority'> & {
    self: Did
    identity: Signer
    refusals: RefusalCounter
    decisions: DecisionMemory
    budget: RefusalBudget
    append(draft: EntryDraft): Appended
    receive(arrived: Arrived): Promise<Received | Refusal>
  }

/** Seconds for which a decision stands (security.md B6). */
const DECISION_LIFE_SECONDS = 60

export function serveDecide(components: ServeDecideComponents): (request: InboundRequest) => Promise<InboundReply> {
  // Copies of one question that come together share its answer.
  const making = new Map<string, Promise<string>>()
  return async (request) => {
    const authenticated = await authenticateIntent(request, components, false)
    if ('rejected' in authenticated) {
      return refusalReply(components.refusals, request.source, authenticated.rejected, authenticated.reason)
    }
    const { hash, intent } = authenticated
    const known = components.decisions.of(hash)?.jws
    if (known !== undefined) return decisionReply(known)
    const made =
      making.get(hash) ?? servedFor(intent, () => decide(authenticated, components)).finally(() => making.delete(hash))
    making.set(hash, made)
    try {
      return decisionReply(await made)
    } catch (error) {
      if (!(error instanceof RefusalUnsigned)) throw error
      return refusalReply(components.refusals, intent.iss, 'rate_limited', 'too many refused questions')
    }
  }
}

function decisionReply(jws: string): InboundReply {
  return { status: 200, contentType: 'application/jose', body: Buffer.from(jws, 'utf8') }
}

/** @returns the signed decision, once its entry is durable. */
async function decide(authenticated: AuthenticatedIntent, components: ServeDecideComponents): Promise<string> {
  const { idempotencyKey: _notClaimed, ...arrived } = arrivedFrom(authenticated, components)
  const received = await components.receive(arrived)
  const { effect, obligations, rules, reason } = isRefusal(received)
    ? { effect: 'deny' as const, obligations: [], rules: [], reason: received.reason }
    : judge(received, components)
  const code = isRefusal(received) ? received.refused : 'policy_denied'
  if (effect !== 'permit' && !components.budget.spend(authenticated.intent.iss, code)) throw new RefusalUnsigned()
  const now = Math.floor(components.clock.now() / 1000)
  const decision: Decision = {
    v: 1,
    iss: components.self,
    aud: authenticated.intent.iss,
    intent_hash: authenticated.hash,
    effect,
    obligations,
    pol: components.policy.version,
    iat: now,
    exp: now + DECISION_LIFE_SECONDS,
  }
  const { jws, payloadBytes } = signJws(components.identity, DECISION_TYP, decision)
  const hash = taggedHash('decision', payloadBytes)
  await record(components, received, arrived, authenticated.hash, { effect, rules, reason, hash }).durable
  components.decisions.remember(authenticated.hash, { hash, jws })
  return jws
}

function judge(
  call: Received,
  components: ServeDecideComponents,
): Pick<Decision, 'effect' | 'obligations'> & { rules: string[]; reason: string } {
  const decision = decideLocally(call, undefined, components)
  // An approval is a condition that the call itself will meet or not; the rules do permit it.
  const effect = decision.effect === 'approval' ? 'permit' : decision.effect === 'error' ? 'deny' : decision.effect
  const obligations = formatObligations(decision.obligations)
  return { effect, obligations, rules: decision.rules, reason: decision.reason }
}

function record(
  { append, policy }: ServeDecideComponents,
  received: Received | Refusal,
  arrived: Arrived,
  intent: string,
  made: { effect: Decision['effect']; rules: string[]; reason: string; hash: string },
): Appended {
  const { caller } = arrived
  return append({
    type: 'decision.made',
    call_id: arrived.callId,
    actor: caller.principal,
    ...(caller.kind === 'peer' ? { peer: caller.did } : {}),
    cap: arrived.capability,
    ...(isRefusal(received) ? {} : { cap_hash: received.target.hash }),
    decision: made.effect,
    pol: policy.version,
    rules: made.rules.slice(0, MAX_RULES),
    args_c: arrived.argsCommitment,
    intent,
    ext: { hash: made.hash, reason: made.reason.slice(0, 1024).toWellFormed() },
  })
}

/** Writes the begin entry and waits until it is durable: without a durable intent there is no action. */
import type { Did, EntryDraft } from '@hansa/protocols'
import { encodeBase64url } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'
import type { FreshStatus } from '../revocation/fresh-status.ts'
import type { ApprovalBook } from './approvals.ts'
import { MAX_RULES } from './audit-stage.ts'
import { scopeOf } from './receive-stage.ts'
import type { Begun, OutboundIntent, Refusal, Screened } from './stages.ts'
import { isRefusal } from './stages.ts'
import { standsFor } from './stands-for.ts'

export type BeginComponents = {
  append(draft: EntryDraft): Appended
  approvals: ApprovalBook
  policyVersion(): number
  /** As of when it is known what a peer has revoked. */
  fresh: Pick<FreshStatus, 'of'>
  /** Opens a session with the peer if there is none, and makes the intent. */
  prepareIntent(call: Screened): Promise<OutboundIntent | Refusal>
}

export function beginStage(components: BeginComponents): (call: Screened) => Promise<Begun | Refusal> {
  return async (arriving) => {
    if (arriving.signal?.aborted === true)
      return { refused: 'deadline', reason: 'the caller left before the call began' }
    const call = arriving.caller.kind === 'peer' ? owed(arriving) : arriving
    const outbound = call.target.kind === 'imported' ? await components.prepareIntent(call) : undefined
    if (outbound !== undefined && isRefusal(outbound)) return outbound
    if (call.approval !== undefined) components.approvals.use(call.approval, call.callId)
    const entry = components.append(draftOf(call, outbound, components))
    await entry.durable
    return { ...call, begin: entry.seq, ...(outbound === undefined ? {} : { outbound }) }
  }
}

/** Once it has begun, a call of a peer goes on to its outcome, which the log and the receipt owe to both sides. */
function owed({ signal: _, ...call }: Screened): Screened {
  return call
}

function draftOf(call: Screened, outbound: OutboundIntent | undefined, components: BeginComponents): EntryDraft {
  const { caller, target } = call
  const peer = caller.kind === 'peer' ? caller.did : target.kind === 'imported' ? target.peer : undefined
  return {
    type: outbound !== undefined ? 'intent.sent' : caller.kind === 'peer' ? 'intent.accepted' : 'call.begun',
    call_id: call.callId,
    actor: caller.principal,
    ...(peer === undefined ? {} : { peer }),
    cap: target.ref,
    cap_hash: target.hash,
    decision: 'permit',
    pol: components.policyVersion(),
    rules: call.decision.rules.slice(0, MAX_RULES),
    ...(call.verdicts.length === 0 ? {} : { verdicts: call.verdicts }),
    ...(call.input.labels.length === 0 ? {} : { labels: [...call.input.labels] }),
    args_c: call.input.commitment,
    ...(outbound !== undefined
      ? { intent: outbound.hash }
      : caller.kind === 'peer'
        ? { intent: caller.intentHash }
        : {}),
    ext: { ...extOf(call, outbound), ...knownOf(peer, components) },
  }
}

function knownOf(peer: Did | undefined, { fresh }: BeginComponents): Pick<NonNullable<EntryDraft['ext']>, 'known'> {
  const status = peer && fresh.of(peer)
  return status === undefined ? {} : { known: { as_of: status.asOf, seq: status.seq } }
}

function extOf(call: Screened, outbound: OutboundIntent | undefined): NonNullable<EntryDraft['ext']> {
  const { caller, target } = call
  const attempt = call.repeat?.callId ?? call.retryOf
  return {
    ...(call.approval === undefined ? {} : { approval: call.approval }),
    ...(call.continues === undefined ? {} : { continues: call.continues }),
    ...(call.presented === undefined ? {} : { token: call.presented.id }),
    ...(attempt === undefined ? {} : { retry_of: attempt }),
    ...(call.idempotencyKey === undefined ? {} : { idem: scopeOf(call, target.ref, call.idempotencyKey) }),
    ...(target.kind === 'imported' ? { trust_policy: target.trustPolicy } : {}),
    ...(call.delegation === undefined ? {} : { links: [...call.delegation.jwss] }),
    ...(call.charge === undefined ? {} : { charge: call.charge }),
    ...(call.route === undefined ? {} : { route: call.route }),
    ...(call.agreement?.covering === undefined ? {} : { agreement: call.agreement.covering.id }),
    ...(outbound === undefined ? {} : { payload: encodeBase64url(outbound.payloadBytes) }),
    ...(caller.kind === 'peer' ? { envelope: caller.envelope } : standsFor(caller)),
  }
}

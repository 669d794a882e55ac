/** The stages that every call of a kernel goes through: each made of what it needs, within what watches and narrows it. */
import type { EventLogger } from '@hansa/protocols'
import { randomId } from '@hansa/trust'
import { type ContentStages, keepingArguments, keepingResults } from '../content/content-stages.ts'
import { type AskPeerComponents, prepareIntent } from '../exchange/ask-peer.ts'
import type { OutboundExchange } from '../exchange/outbound-exchange.ts'
import { type RevealComponents, revealStages } from '../exchange/reveal-result.ts'
import type { Detectors } from '../firewall/index.ts'
import type { Governance } from '../governance/open-governance.ts'
import { refuseStale } from '../identity/refuse-stale.ts'
import type { KernelRevocations } from '../revocation/kernel-revocations.ts'
import { refuseUnheardLabels } from '../revocation/unheard-labels.ts'
import type { Routing } from '../routing/open-routing.ts'
import { refuseUnwitnessed } from '../witness/quorum-watch.ts'
import { type AuditComponents, appendCommitted, auditStage, settleStage } from './audit-stage.ts'
import { type BeginComponents, beginStage } from './begin-stage.ts'
import { auditedInLines, stageFailed } from './call-lines.ts'
import { Continuations } from './continuations.ts'
import { driverStage } from './driver-stage.ts'
import { inboundStage } from './inbound-stage.ts'
import type { SharedStages } from './invoke.ts'
import { outboundStage } from './outbound-stage.ts'
import { type PolicyComponents, policyStage } from './policy-stage.ts'
import { type TokenComponents, tokenStage } from './token-stage.ts'

export type SharedStagesComponents = PolicyComponents &
  Omit<RevealComponents, 'append'> &
  Omit<BeginComponents, 'prepareIntent'> &
  Omit<TokenComponents, 'keys'> &
  AuditComponents & {
    logger: EventLogger
    detectors: Detectors
    tokenKeys: TokenComponents['keys']
    exchange: OutboundExchange
    asking: AskPeerComponents
    receive: SharedStages['receive']
    content: ContentStages['content']
    /** Whether what is known of an identity is recent enough. */
    identities: Parameters<typeof refuseStale>[1]
    /** Whether the own log has its quorum. */
    quorum: Parameters<typeof refuseUnwitnessed>[1]
    governance: Pick<Governance, 'narrowed'>
    revocations: Pick<KernelRevocations, 'begun' | 'fresh'>
    routing: Pick<Routing, 'settle'>
  }

export function sharedStages(components: SharedStagesComponents): SharedStages {
  const { clock, logger, detectors, exchange, receive, content, governance, revocations } = components
  const policy = policyStage(components)
  const begin = beginStage({ ...components, prepareIntent: prepareIntent(components.asking) })
  const continuations = new Continuations({ clock })
  const settle = components.routing.settle(settleStage(components))
  const recordCommitted: RevealComponents['append'] = (call, appended) => appendCommitted(call, appended, components)
  return {
    receive,
    policy: refuseStale(refuseUnwitnessed(policy, components.quorum), components.identities),
    token: governance.narrowed(tokenStage({ ...components, keys: components.tokenKeys })),
    inbound: inboundStage({ detectors }),
    ...revealStages({ ...components, append: recordCommitted }),
    begin: revocations.begun(keepingArguments(begin, { content, logger })),
    driver: driverStage({
      ...{ clock, detectors, continuations },
      exchange: (call) => exchange.call(call),
    }),
    outbound: keepingResults(refuseUnheardLabels(outboundStage(components), revocations.fresh), { content, logger }),
    audit: auditedInLines(auditStage(components), { logger, clock }),
    settle(ended) {
      // Questions that were withheld are not to be answered.
      if ('refused' in ended) continuations.drop(ended.call.callId)
      settle(ended)
    },
    failed: stageFailed(logger),
    newId: randomId,
  }
}

/** All that this kernel answers its peers: which component of it stands behind which path. It decides nothing. */
import { type HandshakeResponderComponents, handshakeResponder } from '@hansa/mesh'
import type { InboundHandler } from '@hansa/protocols'
import type { Signer } from '@hansa/trust'
import { HandshakeAlarms, type HandshakeAlarmsComponents } from './handshake-alarms.ts'
import { type InboundRouterComponents, type InboundServices, inboundRouter } from './inbound-router.ts'
import { type ServeAcksComponents, serveAcks } from './serve-acks.ts'
import { type ServeCallComponents, serveCall } from './serve-call.ts'
import { type ServeDecideComponents, serveDecide } from './serve-decide.ts'
import { type ServeEndorsementsComponents, serveEndorsements } from './serve-endorsements.ts'
import { type ServeHandshakeComponents, serveHandshake } from './serve-handshake.ts'
import { type ServeInclusionComponents, serveInclusion } from './serve-inclusion.ts'
import { type ServeInvokeComponents, serveInvoke } from './serve-invoke.ts'
import { type ServeLogComponents, serveLog } from './serve-log.ts'
import { type ServeRevealComponents, serveReveal } from './serve-reveal.ts'
import { type ServeStandingComponents, serveStanding } from './serve-standing.ts'
import { SpentCounters } from './spent-counters.ts'

export type ServePeersComponents = Omit<HandshakeResponderComponents, 'signer'> &
  Omit<ServeHandshakeComponents, 'responder' | 'alarms'> &
  HandshakeAlarmsComponents &
  Omit<ServeCallComponents, 'counters'> &
  Omit<ServeDecideComponents, 'counters'> &
  ServeAcksComponents &
  ServeRevealComponents &
  ServeInclusionComponents &
  ServeStandingComponents &
  ServeEndorsementsComponents &
  ServeInvokeComponents &
  ServeLogComponents &
  Omit<InboundRouterComponents, 'services'> & {
    identity: Signer
    /** What is answered besides: gossip, witnessing, identity, governance, revocations and the mesh bring their own. */
    others: Pick<
      InboundServices,
      | 'heads'
      | 'addCheckpoint'
      | 'witnessed'
      | 'identity'
      | 'notices'
      | 'agreements'
      | 'revocations'
      | 'replicaPlaces'
      | 'replicaRecords'
      | 'replicaPush'
    >
  }

export function servePeers(components: ServePeersComponents): InboundHandler {
  const responder = handshakeResponder({ ...components, signer: components.identity })
  const intents = { ...components, counters: new SpentCounters() }
  return inboundRouter({
    ...components,
    services: {
      ...serveHandshake({ ...components, responder, alarms: new HandshakeAlarms(components) }),
      call: serveCall(intents),
      decide: serveDecide(intents),
      acks: serveAcks(components),
      reveal: serveReveal(components),
      inclusion: serveInclusion(components),
      standing: serveStanding(components),
      endorsements: serveEndorsements(components),
      invoke: serveInvoke(components),
      log: serveLog(components),
      ...components.others,
    },
  })
}

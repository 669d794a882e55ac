/** What neighbours are worth in the overlay: P1 to P6 of gossipsub 1.1, with P4 and P6 negative and P5 from standing. */
import { addressKind } from '../fetch/address.ts'
import {
  DECAY_MS,
  GOSSIP_THRESHOLD,
  GRAYLIST_THRESHOLD,
  INVALID_MESSAGE_DECAY,
  INVALID_MESSAGE_WEIGHT,
  KEEP_SCORE_MS,
  PUBLISH_THRESHOLD,
  PX_SCORE,
  PX_STANDING,
  SAME_ADDRESS_HOSTS,
  SAME_ADDRESS_WEIGHT,
  TOPIC_SCORE_CAP,
} from './limits.ts'

/** @param standingOf of the kernel whose host it is, 0 to 1000; undefined for a host that is nobody's */
export function gossipScore(topics: readonly string[], standingOf: (peerId: string) => number | undefined) {
  const topic = {
    topicWeight: 1,
    timeInMeshWeight: 0.01,
    timeInMeshQuantum: 1_000,
    timeInMeshCap: 300,
    firstMessageDeliveriesWeight: 0.1,
    firstMessageDeliveriesDecay: 0.9,
    firstMessageDeliveriesCap: 50,
    // P3 and P3b punish silence, and here hours may pass in which nobody has anything to say.
    meshMessageDeliveriesWeight: 0,
    meshMessageDeliveriesDecay: 0.5,
    meshMessageDeliveriesCap: 1,
    meshMessageDeliveriesThreshold: 1,
    meshMessageDeliveriesWindow: 10,
    meshMessageDeliveriesActivation: 1_000,
    meshFailurePenaltyWeight: 0,
    meshFailurePenaltyDecay: 0.5,
    invalidMessageDeliveriesWeight: INVALID_MESSAGE_WEIGHT,
    invalidMessageDeliveriesDecay: INVALID_MESSAGE_DECAY,
  }
  return {
    scoreParams: {
      topics: Object.fromEntries(topics.map((name) => [name, topic])),
      topicScoreCap: TOPIC_SCORE_CAP,
      appSpecificScore: (peerId: string) => standingScore(standingOf(peerId)),
      appSpecificWeight: 1,
      IPColocationFactorWeight: SAME_ADDRESS_WEIGHT,
      IPColocationFactorThreshold: SAME_ADDRESS_HOSTS,
      IPColocationFactorWhitelist: new SharedAddresses(),
      behaviourPenaltyWeight: -5,
      behaviourPenaltyThreshold: 6,
      behaviourPenaltyDecay: 0.9,
      decayInterval: DECAY_MS,
      decayToZero: 0.01,
      retainScore: KEEP_SCORE_MS,
    },
    scoreThresholds: {
      gossipThreshold: GOSSIP_THRESHOLD,
      publishThreshold: PUBLISH_THRESHOLD,
      graylistThreshold: GRAYLIST_THRESHOLD,
      acceptPXThreshold: PX_SCORE,
      opportunisticGraftThreshold: 1,
    },
  }
}

/** Good standing is worth what nothing else reaches; none at all (0) costs what a few bad messages do. */
export function standingScore(standing: number | undefined): number {
  if (standing === undefined) return 0
  if (standing >= PX_STANDING) return PX_SCORE
  return standing === 0 ? GRAYLIST_THRESHOLD : 0
}

/** Every address that many hosts share without being one operator's: those of this machine and of private networks. */
class SharedAddresses extends Set<string> {
  override has(address: string): boolean {
    const kind = addressKind(address)
    return kind === 'loopback' || kind === 'private' || kind === 'link_local'
  }
}

/** How records come and go: rounds with neighbours, and what is new told to some of them at once. */
import { type Gossip, type LocalReplica, ReplicaRounds, type RoundReport, spreadNews, type Traffic } from '@hansa/mesh'
import type { Clock, Did, PeerTransport } from '@hansa/protocols'
import type { MeshCounters } from './mesh-figures.ts'
import type { Neighbourhood } from './neighbourhood.ts'
import type { ReplicaSettings } from './replica-settings.ts'

/** Neighbours that are told what is new as soon as it is known. */
const FANOUT = 3

export type RecordExchangeComponents = Neighbourhood & {
  self: Did
  clock: Clock
  transport: Pick<PeerTransport, 'send'>
  replica: LocalReplica
  counters: MeshCounters
  gossip: Gossip | undefined
  settings?: Pick<ReplicaSettings, 'rounds' | 'fanout'> | undefined
  /** Told of every reconciliation. */
  ended(report: RoundReport): void
}

export type RecordExchange = { rounds: ReplicaRounds; close(): void }

/** The rounds are not started yet. */
export function recordExchange(components: RecordExchangeComponents): RecordExchange {
  const { self, clock, transport, replica, counters, gossip, view, neighbours, settings = {} } = components
  const ended = (report: RoundReport) => {
    const { neighbour, fault, rejected } = report
    components.ended(report)
    counters.round(report)
    const wrong = fault ?? rejected
    if (wrong === undefined) view.heard(neighbour)
    else view.missed(neighbour, wrong)
  }
  const heard = (neighbour: Did) => view.heard(neighbour)
  const shared = { replica, clock, transport, neighbours, random: Math.random }
  const rounds = new ReplicaRounds({ ...shared, heard, ended }, settings.rounds)
  const sent = (traffic: Traffic) => counters.pushed(traffic)
  const stop = spreadNews({ ...shared, gossip, self, sent }, settings.fanout ?? FANOUT)
  return {
    rounds,
    close() {
      stop()
      rounds.close()
    },
  }
}

/** How the mesh of a kernel is and what it has done since the start: counted where it happens, read at a scrape. */
import type { Gossip, GossipVerdict, LocalReplica, RoundReport, Traffic } from '@hansa/mesh'
import type { Did, MeshNeighbour, PeerChannel } from '@hansa/protocols'

export const roundOutcomes = ['equal', 'changed', 'failed', 'refused'] as const
export const gossipOutcomes = ['published', 'accept', 'ignore', 'reject'] as const

type Counts<Name extends string> = Record<Name, number>

export type MeshFigures = {
  /** Kernels whose manifests are held. */
  kernels: number
  /** Of all records as they were signed. */
  bytes: number
  /** By whether a channel is open to it, and whether it answered when it was asked last. */
  neighbours: Counts<'open' | 'answering' | 'silent'>
  /** By whether this kernel opened the channel, or took it. */
  channels: Counts<'opened' | 'taken'>
  frames: Counts<'sent' | 'received'>
  /** Reconciliations, by what came of them. */
  rounds: Counts<(typeof roundOutcomes)[number]>
  /** Records that were told to neighbours when they were new. */
  pushes: number
  /** Records that came, by what became of them. */
  records: Counts<GossipVerdict>
  /** Of reconciliations and pushes. */
  traffic: Counts<'sent' | 'received'>
  gossip: Counts<(typeof gossipOutcomes)[number]>
  host: Counts<'inbound' | 'outbound'>
  dht: Counts<'asked' | 'found' | 'announced'>
}

export type MeshFiguresSources = {
  replica: Pick<LocalReplica, 'size' | 'bytes' | 'judged'>
  neighbours(): readonly MeshNeighbour[]
  channels(): readonly PeerChannel[]
  frames(): MeshFigures['frames']
  host?: { connections(): MeshFigures['host']; readonly dhtFigures: MeshFigures['dht'] } | undefined
}

export class MeshCounters {
  readonly #rounds: MeshFigures['rounds'] = { equal: 0, changed: 0, failed: 0, refused: 0 }
  readonly #traffic: MeshFigures['traffic'] = { sent: 0, received: 0 }
  readonly #gossip: MeshFigures['gossip'] = { published: 0, accept: 0, ignore: 0, reject: 0 }
  #pushes = 0

  round({ fault, rejected, equal, bytesSent, bytesReceived }: RoundReport): void {
    const outcome = fault !== undefined ? 'failed' : rejected !== undefined ? 'refused' : equal ? 'equal' : 'changed'
    this.#rounds[outcome] += 1
    this.#traffic.sent += bytesSent
    this.#traffic.received += bytesReceived
  }

  pushed({ requests, bytesSent, bytesReceived }: Traffic): void {
    this.#pushes += requests
    this.#traffic.sent += bytesSent
    this.#traffic.received += bytesReceived
  }

  /** The same gossip, counted. @param kernelOf whose host passed something on, where that is known */
  counting(gossip: Gossip, kernelOf: (from: string) => Did | undefined = () => undefined): Gossip {
    const count = this.#gossip
    return {
      publish(topic, message) {
        count.published += 1
        return gossip.publish(topic, message)
      },
      subscribe: (topic, take) =>
        gossip.subscribe(topic, async (message, from) => {
          const verdict = await take(message, kernelOf(from) ?? from)
          count[verdict] += 1
          return verdict
        }),
    }
  }

  now({ replica, neighbours, channels, frames, host }: MeshFiguresSources): MeshFigures {
    const open = channels()
    return {
      kernels: replica.size,
      bytes: replica.bytes,
      neighbours: neighbourStates(neighbours()),
      channels: {
        opened: open.filter(({ proto }) => proto !== undefined).length,
        taken: open.filter(({ proto }) => proto === undefined).length,
      },
      frames: frames(),
      rounds: { ...this.#rounds },
      pushes: this.#pushes,
      records: { ...replica.judged },
      traffic: { ...this.#traffic },
      gossip: { ...this.#gossip },
      host: host?.connections() ?? { inbound: 0, outbound: 0 },
      dht: { ...(host?.dhtFigures ?? { asked: 0, found: 0, announced: 0 }) },
    }
  }
}

function neighbourStates(neighbours: readonly MeshNeighbour[]): MeshFigures['neighbours'] {
  const states = { open: 0, answering: 0, silent: 0 }
  for (const { channel, fault } of neighbours)
    states[fault !== undefined ? 'silent' : channel !== undefined ? 'open' : 'answering'] += 1
  return states
}

/** Before there is a kernel. */
export const noMeshFigures: MeshFigures = {
  ...{ kernels: 0, bytes: 0, pushes: 0 },
  neighbours: { open: 0, answering: 0, silent: 0 },
  channels: { opened: 0, taken: 0 },
  frames: { sent: 0, received: 0 },
  rounds: { equal: 0, changed: 0, failed: 0, refused: 0 },
  records: { accept: 0, ignore: 0, reject: 0 },
  traffic: { sent: 0, received: 0 },
  gossip: { published: 0, accept: 0, ignore: 0, reject: 0 },
  host: { inbound: 0, outbound: 0 },
  dht: { asked: 0, found: 0, announced: 0 },
}

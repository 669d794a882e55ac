/**
 * Passes on what is new, at once: the own manifest through gossip where there is one, and everything that came as news to a
 * few neighbours. What is lost on the way is found by reconciliation; so a flood of news is not passed on record by record.
 */
import { type Clock, type Did, MAX_REPLICA_PUSHED, type PeerTransport } from '@hansa/protocols'
import { type Gossip, gossipTopics } from '../gossip/gossip.ts'
import { AskReplica, type Neighbour, NeighbourFault, type Traffic } from './ask-replica.ts'
import type { LocalReplica } from './local-replica.ts'
import { fitting } from './serve-replica.ts'
import { shuffled } from './shuffled.ts'

/** Milliseconds in which news gathers. */
const GATHER_MS = 20
/** Records that are passed on in a second; what comes beyond is a join or a heal, and is found by reconciliation. */
const MAX_NEWS = 256
const NEWS_WINDOW_MS = 1_000
/** For which a neighbour that refused what it was told is told nothing, milliseconds: it counts what it takes by the minute. */
const REFUSED_MS = 60_000

export type SpreadComponents = {
  replica: LocalReplica
  clock: Clock
  transport: Pick<PeerTransport, 'send'>
  neighbours(): readonly Neighbour[]
  /** From 0 to below 1. */
  random(): number
  gossip?: Gossip | undefined
  self: Did
  /** What each message took. @default nobody is told */
  sent?(traffic: Traffic): void
}

/** @param fanout neighbours that are told. @returns ends it. */
export function spreadNews(components: SpreadComponents, fanout: number): () => void {
  const { replica, clock, gossip, self } = components
  const news = new Set<Did>()
  const stop = new AbortController()
  /** When they may be told again. */
  const refusing = new Map<Did, number>()
  let cancel: (() => void) | undefined
  const flush = () => {
    cancel = undefined
    const dids = [...news]
    news.clear()
    for (const [did, untilMs] of refusing) if (untilMs <= clock.now()) refusing.delete(did)
    const listening = components.neighbours().filter(({ did }) => !refusing.has(did))
    for (const neighbour of shuffled(listening, components.random).slice(0, fanout))
      void tell(components, neighbour, dids, stop.signal).then((refused) => {
        if (refused) refusing.set(neighbour.did, clock.now() + REFUSED_MS)
      })
  }
  let [windowMs, inWindow] = [0, 0]
  const isRoom = () => {
    const nowMs = clock.now()
    if (nowMs - windowMs >= NEWS_WINDOW_MS) [windowMs, inWindow] = [nowMs, 0]
    inWindow += 1
    return inWindow <= MAX_NEWS
  }
  const unwatch = replica.watch(({ kind, record }) => {
    if (kind !== 'taken') return
    if (record.did === self && gossip !== undefined)
      void gossip.publish(gossipTopics.manifests, Buffer.from(record.jws, 'latin1')).catch(() => undefined)
    if (record.did !== self && !isRoom()) return
    news.add(record.did)
    cancel ??= clock.after(GATHER_MS, flush)
  })
  const unsubscribe = gossip?.subscribe(gossipTopics.manifests, (message, from) =>
    replica.take(Buffer.from(message).toString('latin1'), from),
  )
  return () => {
    unwatch()
    unsubscribe?.()
    cancel?.()
    stop.abort()
  }
}

/** Nobody is told what he has brought himself. @returns whether it was refused. */
async function tell(
  { replica, transport, clock, sent }: SpreadComponents,
  neighbour: Neighbour,
  dids: readonly Did[],
  signal: AbortSignal,
): Promise<boolean> {
  const ask = new AskReplica({ transport, clock, signal }, neighbour)
  let rest = dids.flatMap((did) => replica.record(did) ?? []).filter(({ from }) => from !== neighbour.did)
  try {
    while (rest.length > 0) {
      const count = Math.min(MAX_REPLICA_PUSHED, fitting(rest))
      await ask.push(rest.slice(0, count).map(({ jws }) => jws))
      rest = rest.slice(count)
    }
    return false
  } catch (error) {
    // It learns from the next reconciliation.
    if (!(error instanceof NeighbourFault)) throw error
    return !error.away
  } finally {
    sent?.(ask.traffic)
  }
}

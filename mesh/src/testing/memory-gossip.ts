/**
 * Gossip inside one process: what one publishes reaches those that subscribe, and goes on from each that accepts it. A test
 * decides which messages are lost, and sees who was judged how.
 */
import type { Gossip, GossipTopic, GossipVerdict, TakeGossip } from '../gossip/gossip.ts'

export type GossipRecord = { topic: GossipTopic; from: string; to: string; verdict: GossipVerdict | 'lost' }

export interface MemoryGossip {
  /** The end of one kernel. Everybody is everybody's neighbour. */
  join(name: string): Gossip
  /** Everything that was passed from one to another, oldest first. */
  readonly tap: readonly GossipRecord[]
  /** What `loses` says of a message: it does not arrive. @returns ends it. */
  lose(loses: (from: string, to: string) => boolean): () => void
}

export function memoryGossip(): MemoryGossip {
  const takers = new Map<GossipTopic, Map<string, TakeGossip>>()
  const seen = new Map<string, Set<string>>()
  const losses = new Set<(from: string, to: string) => boolean>()
  const tap: GossipRecord[] = []

  const deliver = async (topic: GossipTopic, message: Uint8Array, from: string): Promise<void> => {
    const id = `${topic} ${Buffer.from(message).toString('base64')}`
    const had = seen.get(id) ?? new Set([from])
    seen.set(id, had)
    await Promise.all(
      [...(takers.get(topic) ?? [])].map(async ([to, take]) => {
        if (had.has(to)) return
        if ([...losses].some((loses) => loses(from, to))) return void tap.push({ topic, from, to, verdict: 'lost' })
        had.add(to)
        const verdict = await take(Uint8Array.from(message), from)
        tap.push({ topic, from, to, verdict })
        if (verdict === 'accept') await deliver(topic, message, to)
      }),
    )
  }

  return {
    join: (name) => ({
      publish: (topic, message) => deliver(topic, message, name),
      subscribe(topic, take) {
        const subscribed = takers.get(topic) ?? new Map<string, TakeGossip>()
        takers.set(topic, subscribed)
        subscribed.set(name, take)
        return () => void subscribed.delete(name)
      },
    }),
    tap,
    lose(loses) {
      losses.add(loses)
      return () => void losses.delete(loses)
    },
  }
}

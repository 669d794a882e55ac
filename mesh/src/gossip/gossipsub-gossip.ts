/**
 * Gossip over gossipsub: signed by the host that publishes (StrictSign), judged before it is passed on, and scored. A message
 * of a topic that nobody here takes is ignored, so a host never passes on what it has not looked at.
 */
import type { GossipSub, Message } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import type { Gossip, GossipTopic, GossipVerdict, TakeGossip } from './gossip.ts'
import { gossipMessage, isBody, KeptBodies, readMessage } from './large-bodies.ts'
import { MAX_GOSSIP_BYTES, MAX_JUDGED, MAX_JUDGED_PER_PEER, MAX_WAITING } from './limits.ts'

/** The part of gossipsub that is used. */
export type Pubsub = Pick<
  GossipSub,
  'publish' | 'subscribe' | 'unsubscribe' | 'topicValidators' | 'getSubscribers' | 'addEventListener'
>

export type GossipsubComponents = {
  pubsub: Pubsub
  /** Asks a neighbour for an object by its hash. @returns undefined when it has none. Rejects when it does not answer. */
  fetchBody(from: string, hash: Uint8Array, bytes: number): Promise<Uint8Array | undefined>
}

export interface GossipsubGossip extends Gossip {
  /** For a neighbour that asks. */
  body(hash: Uint8Array): Uint8Array | undefined
}

export function gossipsubGossip(components: GossipsubComponents): GossipsubGossip {
  return new OverGossipsub(components)
}

class OverGossipsub implements GossipsubGossip {
  readonly #components: GossipsubComponents
  readonly #kept = new KeptBodies()
  readonly #judging = new Map<string, number>()
  /** What was published while no neighbour wanted its topic. */
  readonly #waiting = new Map<string, Uint8Array[]>()
  #judgedNow = 0

  constructor(components: GossipsubComponents) {
    this.#components = components
    const { pubsub } = components
    pubsub.addEventListener('subscription-change', () => this.#sendWaiting())
    // A neighbour may be heard before it can be spoken to.
    pubsub.addEventListener('gossipsub:heartbeat', () => this.#sendWaiting())
  }

  body(hash: Uint8Array): Uint8Array | undefined {
    return this.#kept.get(hash)
  }

  async publish(topic: GossipTopic, object: Uint8Array): Promise<void> {
    const message = gossipMessage(object)
    if (object.length >= MAX_GOSSIP_BYTES) this.#kept.keep(object)
    await this.#send(topic, message)
  }

  async #send(topic: string, message: Uint8Array): Promise<void> {
    // Rejects when no connection takes it: that is as good as nobody.
    const sent = await this.#components.pubsub.publish(topic, message).catch(() => undefined)
    if (sent !== undefined && sent.recipients.length > 0) return
    const waiting = [...(this.#waiting.get(topic) ?? []), message].slice(-MAX_WAITING)
    this.#waiting.set(topic, waiting)
  }

  #sendWaiting(): void {
    for (const [topic, waiting] of this.#waiting) {
      if (this.#components.pubsub.getSubscribers(topic).length === 0) continue
      this.#waiting.delete(topic)
      for (const message of waiting) void this.#send(topic, message)
    }
  }

  subscribe(topic: GossipTopic, take: TakeGossip): () => void {
    const { pubsub } = this.#components
    if (pubsub.topicValidators.has(topic)) throw new RangeError(`${topic} has a taker already`)
    // libp2p has an enum of these same words.
    pubsub.topicValidators.set(topic, async (from, message) => (await this.#judge(from, message, take)) as never)
    pubsub.subscribe(topic)
    return () => {
      pubsub.unsubscribe(topic)
      pubsub.topicValidators.delete(topic)
    }
  }

  async #judge(from: PeerId, { data }: Message, take: TakeGossip): Promise<GossipVerdict> {
    const peer = from.toString()
    const own = this.#judging.get(peer) ?? 0
    if (this.#judgedNow >= MAX_JUDGED || own >= MAX_JUDGED_PER_PEER) return 'ignore'
    this.#judging.set(peer, own + 1)
    this.#judgedNow++
    try {
      return await this.#verdict(peer, data, take)
    } catch {
      // A taker that throws has a fault of its own; the neighbour is not to blame.
      return 'ignore'
    } finally {
      this.#judgedNow--
      const left = (this.#judging.get(peer) ?? 1) - 1
      if (left === 0) this.#judging.delete(peer)
      else this.#judging.set(peer, left)
    }
  }

  async #verdict(peer: string, data: Uint8Array, take: TakeGossip): Promise<GossipVerdict> {
    const read = readMessage(data)
    if (read === undefined) return 'reject'
    if ('whole' in read) return take(read.whole, peer)
    // Whoever does not answer may be slow; who answers with something else lies.
    const body = await this.#components.fetchBody(peer, read.hash, read.bytes).catch(() => undefined)
    if (body === undefined) return 'ignore'
    if (!isBody(body, read)) return 'reject'
    const verdict = await take(body, peer)
    if (verdict === 'accept') this.#kept.keep(body)
    return verdict
  }
}

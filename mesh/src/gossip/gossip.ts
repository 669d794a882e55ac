/** What a kernel does with a message that another one passed on: as in gossipsub, `reject` costs the sender standing in the overlay. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

/** One topic for each kind of signed object: a message is that object, and nothing else. */
export const gossipTopics = {
  manifests: '/hansa/manifests/1',
  revocations: '/hansa/revocations/1',
} as const
export type GossipTopic = (typeof gossipTopics)[keyof typeof gossipTopics]

/** Judges one message and, when it accepts, has taken it in. Must not throw. @param from whoever passed it on, in the transport's own words. */
export type TakeGossip = (message: Uint8Array, from: string) => Promise<GossipVerdict>

/**
 * Passing signed objects on to whoever wants them, at best effort: a message may be lost, arrive twice or late. What has to
 * arrive is fetched by reconciliation.
 */
export interface Gossip {
  /** To the neighbours that subscribe to the topic. Never rejects because nobody does. */
  publish(topic: GossipTopic, message: Uint8Array): Promise<void>
  /** One taker for each topic. A message is passed on only after it was accepted. @returns ends it. */
  subscribe(topic: GossipTopic, take: TakeGossip): () => void
}

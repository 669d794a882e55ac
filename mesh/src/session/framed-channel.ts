import type { ChannelBinding } from '@hansa/protocols'

/**
 * An ordered channel of whole messages to one other side, until it closes: a WebSocket, a libp2p stream, or two ends in
 * memory. It authenticates nobody: what it says about itself is `binding`, which goes into the handshake's signatures.
 */
export interface FramedChannel {
  /** Undefined when the channel may not carry sessions of kernels. */
  readonly binding: ChannelBinding | undefined
  /** Address of the other side, for counting refusals; not an identity. */
  readonly source: string
  /** Queues one message. @returns false when no more should be sent before `drained` resolves. A closed channel drops it. */
  send(message: Uint8Array): boolean
  /** Resolves when there is room again, and when the channel has closed. */
  drained(): Promise<void>
  /** Takes every message from now on. What arrived before waits for it; it is called once. */
  onMessage(take: (message: Uint8Array) => void): void
  /** Reads no more from the other side until `resume`; what was read before may still come. */
  pause(): void
  resume(): void
  /** Resolves once with why. */
  readonly closed: Promise<string>
  /** Both ways, at once; what is still queued may be lost. */
  close(reason: string): void
}

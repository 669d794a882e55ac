/**
 * Sessions that peers open here, over whatever channel: a channel belongs to nobody until somebody has proven itself on it,
 * and has little time for that (security.md B13).
 */
import { type FrameCount, type FramedChannel, type SessionLink, type SlowedSession, sessionLink } from '@hansa/mesh'
import {
  type Clock,
  type Did,
  type EventLogger,
  httpStatus,
  type InboundHandler,
  type InboundReply,
} from '@hansa/protocols'
import { maxInboundBytes } from '../exchange/inbound-router.ts'
import type { BodyMemory } from '../gateway/body-memory.ts'
import type { Turns } from '../gateway/turns.ts'

/** Channels at the same time. */
const MAX_CHANNELS = 4_096
/** Channels on which nobody has proven itself: all together, and from one address. */
const MAX_UNPROVEN = 1_000
const MAX_UNPROVEN_PER_SOURCE = 32
/** Milliseconds for somebody to do it. */
const UNPROVEN_LIMIT_MS = 15_000

export type TakenSessionsComponents = {
  clock: Clock
  logger: EventLogger
  memory: BodyMemory
  turns: Turns
  /** Undefined while nothing is served yet. */
  handler(): InboundHandler | undefined
  /** Counts frames of all channels. @default nobody does */
  frames?: FrameCount | undefined
  /** Somebody has proven itself on a channel that it opened. */
  proven?(peer: Did, link: SessionLink): void
  /** A session is read later. @default nobody is told */
  slowed?(slowed: SlowedSession): void
}

export class TakenSessions {
  readonly #c: TakenSessionsComponents
  readonly #links = new Set<SessionLink>()
  /** How many are unproven from each address. */
  readonly #unproven = new Map<string, number>()
  #isDraining = false

  constructor(components: TakenSessionsComponents) {
    this.#c = components
  }

  /** Whether a channel from there would be taken now. */
  hasRoom(source: string): boolean {
    const tooMany =
      this.#links.size >= MAX_CHANNELS ||
      this.#unproven.values().reduce((sum, count) => sum + count, 0) >= MAX_UNPROVEN ||
      (this.#unproven.get(source) ?? 0) >= MAX_UNPROVEN_PER_SOURCE
    return !(this.#isDraining || tooMany || this.#c.handler() === undefined)
  }

  /** Serves a channel, or closes it when there is no room. */
  take(channel: FramedChannel, source = channel.source): void {
    if (!this.hasRoom(source)) {
      channel.close('there is no room for another session')
      return
    }
    const handler = {
      handle: (inbound: Parameters<InboundHandler['handle']>[0]) => this.#handle(inbound, link, settled),
    }
    const { clock, memory: room, logger, frames, slowed = () => {} } = this.#c
    const failed = (error: unknown) =>
      logger.warn('gateway.request_failed', { reason: error instanceof Error ? error.message : String(error) })
    const link = sessionLink(
      { role: 'taken', channel },
      { clock, handler, room, failed, slowed, frames, maxBodyBytes: maxInboundBytes },
    )
    const settled = this.#watch(link, source)
  }

  /** What is open is to be replaced by other channels. */
  renew(): void {
    for (const link of this.#links) link.retire()
  }

  /** Takes nothing new; resolves when everything under way has ended. */
  async drain(): Promise<void> {
    this.#isDraining = true
    await Promise.all([...this.#links].map((link) => link.drain()))
  }

  async #handle(
    inbound: Parameters<InboundHandler['handle']>[0],
    link: SessionLink,
    settled: () => void,
  ): Promise<InboundReply> {
    await this.#c.turns.next()
    const reply = (await this.#c.handler()?.handle(inbound)) ?? BUSY
    if (reply.proven !== undefined) {
      settled()
      this.#c.proven?.(reply.proven, link)
    }
    return reply
  }

  /** @returns called when somebody has proven itself. */
  #watch(link: SessionLink, source: string): () => void {
    this.#links.add(link)
    this.#unproven.set(source, (this.#unproven.get(source) ?? 0) + 1)
    let isSettled = false
    const settle = () => {
      if (isSettled) return
      isSettled = true
      cancel()
      const left = (this.#unproven.get(source) ?? 1) - 1
      if (left === 0) this.#unproven.delete(source)
      else this.#unproven.set(source, left)
    }
    const cancel = this.#c.clock.after(UNPROVEN_LIMIT_MS, () => {
      settle()
      void link.drain()
    })
    void link.closed.then(() => {
      this.#links.delete(link)
      settle()
    })
    return settle
  }
}

const BUSY: InboundReply = {
  status: httpStatus.busy,
  contentType: 'application/json',
  body: Buffer.from(JSON.stringify({ code: 'busy' })),
}

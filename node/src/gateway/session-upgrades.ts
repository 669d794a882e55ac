/**
 * Takes sessions over WebSockets at the gateway (`/hansa/v1/session`), under the limits of its requests. A channel belongs
 * to nobody until somebody has proven itself on it, and has little time for that (security.md B13).
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import {
  exporterOf,
  refuseUpgrade,
  type SessionLink,
  sessionLink,
  type WebSocketBinding,
  webSocketTaker,
} from '@hansa/mesh'
import {
  type ChannelBinding,
  type Clock,
  type Did,
  type EventLogger,
  httpStatus,
  type InboundHandler,
  type InboundReply,
  SESSION_PATH,
} from '@hansa/protocols'
import { maxInboundBytes } from '../exchange/inbound-router.ts'
import type { BodyMemory } from './body-memory.ts'
import type { Turns } from './turns.ts'

/** Channels at the same time. */
const MAX_CHANNELS = 4_096
/** Channels on which nobody has proven itself: all together, and from one address. */
const MAX_UNPROVEN = 1_000
const MAX_UNPROVEN_PER_SOURCE = 32
/** Milliseconds for somebody to do it. */
const UNPROVEN_LIMIT_MS = 15_000

export type SessionUpgradesComponents = {
  clock: Clock
  logger: EventLogger
  memory: BodyMemory
  turns: Turns
  /** Undefined while nothing is served yet. */
  handler(): InboundHandler | undefined
  /** What a single request on this connection would be bound to. */
  bindingOf(request: IncomingMessage): ChannelBinding | undefined
  /** Somebody has proven itself on a channel that it opened. */
  proven?(peer: Did, link: SessionLink): void
}

export interface SessionUpgrades {
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** What is open is to be replaced by channels under the certificate that is served now. */
  renew(): void
  /** Takes nothing new; resolves when everything under way has ended. */
  drain(): Promise<void>
}

/** Whether a request asks for a session, and not for what its path answers otherwise. */
export function asksForSession({ url = '', headers: { upgrade = '' } }: IncomingMessage): boolean {
  return upgrade.toLowerCase() === 'websocket' && url.split('?', 1)[0] === SESSION_PATH
}

export function sessionUpgrades(components: SessionUpgradesComponents): SessionUpgrades {
  return new Upgrades(components)
}

class Upgrades implements SessionUpgrades {
  readonly #c: SessionUpgradesComponents
  readonly #take = webSocketTaker()
  readonly #links = new Set<SessionLink>()
  /** How many are unproven from each address. */
  readonly #unproven = new Map<string, number>()
  #isDraining = false

  constructor(components: SessionUpgradesComponents) {
    this.#c = components
  }

  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const source = request.socket.remoteAddress ?? 'unknown'
    const tooMany =
      this.#links.size >= MAX_CHANNELS ||
      this.#unproven.values().reduce((sum, count) => sum + count, 0) >= MAX_UNPROVEN ||
      (this.#unproven.get(source) ?? 0) >= MAX_UNPROVEN_PER_SOURCE
    if (this.#isDraining || tooMany || this.#c.handler() === undefined) refuseUpgrade(socket, 503)
    else
      this.#take({ request, socket, head }, bindingsOf(request, this.#c.bindingOf(request)), (channel) => {
        const handler = {
          handle: (inbound: Parameters<InboundHandler['handle']>[0]) => this.#handle(inbound, link, settled),
        }
        const { clock, memory: room, logger } = this.#c
        const failed = (error: unknown) =>
          logger.warn('gateway.request_failed', { reason: error instanceof Error ? error.message : String(error) })
        const link = sessionLink(
          { role: 'taken', channel },
          { clock, handler, room, failed, maxBodyBytes: maxInboundBytes },
        )
        const settled = this.#watch(link, source)
      })
  }

  renew(): void {
    for (const link of this.#links) link.retire()
  }

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

/** Behind a proxy that ends the TLS there is nothing to export here, and the caller's certificate key is another matter. */
function bindingsOf(
  { socket }: IncomingMessage,
  single: ChannelBinding | undefined,
): Partial<Record<WebSocketBinding, ChannelBinding>> {
  const exporter = socket instanceof TLSSocket ? exporterOf(socket) : undefined
  return {
    ...(exporter === undefined ? {} : { exporter: { kind: 'exporter', value: exporter } }),
    ...(single?.kind === 'spki' ? { spki: single } : {}),
    ...(single?.kind === 'local' ? { local: single } : {}),
  }
}

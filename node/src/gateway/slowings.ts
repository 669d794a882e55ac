/**
 * Who is read later because too much of what came from there was refused: counted each time, and a line of the log for
 * each source once in ten minutes. A caller that is slowed notices it only by its own latency.
 */
import type { SlowedSession } from '@hansa/mesh'
import type { Clock, EventLogger } from '@hansa/protocols'
import { LRUCache } from 'lru-cache'

/** What is read later: one connection of the gateway, all that come from an address, or a session with another kernel. */
export type Slowed = 'connection' | 'address' | 'session'

/** Sources that a line has named; the one that was named longest ago is forgotten. */
const MAX_SOURCES = 4_096
/** Milliseconds between two lines about one of them. */
const TELL_EVERY_MS = 600_000

export type SlowingsComponents = {
  clock: Clock
  logger: EventLogger
  /** Told of each. @default nobody is */
  observer?: { slowed?(what: Slowed): void } | undefined
}

export class Slowings {
  readonly #c: SlowingsComponents
  readonly #toldMs = new LRUCache<string, number>({ max: MAX_SOURCES })

  constructor(components: SlowingsComponents) {
    this.#c = components
  }

  /** @param source its address */
  atGateway(what: 'connection' | 'address', source: string): void {
    this.#c.observer?.slowed?.(what)
    if (this.#isNews(`gateway ${source}`)) this.#c.logger.warn('gateway.slowed', { source })
  }

  inSession({ source, path, status, waitMs }: SlowedSession): void {
    this.#c.observer?.slowed?.('session')
    if (!this.#isNews(`session ${source}`)) return
    this.#c.logger.warn('session.slowed', { source, path, reason: `status ${status}`, after_ms: waitMs })
  }

  #isNews(key: string): boolean {
    const now = this.#c.clock.now()
    const told = this.#toldMs.get(key)
    if (told !== undefined && now - told < TELL_EVERY_MS) return false
    this.#toldMs.set(key, now)
    return true
  }
}

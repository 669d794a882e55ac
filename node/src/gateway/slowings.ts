/**
 * Who is read later because too much of what came from there was refused: counted each time, and a line of the log for
 * each source once in ten minutes. A caller that is slowed notices it only by its own latency.
 */
import type { SlowedSession } from '@hansa/mesh'
import type { Clock, EventLogger } from '@hansa/protocols'
import { Seldom } from '../seldom.ts'

/** What is read later: one connection of the gateway, all that come from an address, or a session with another kernel. */
export type Slowed = 'connection' | 'address' | 'session'

export type SlowingsComponents = {
  clock: Clock
  logger: EventLogger
  /** Told of each. @default nobody is */
  observer?: { slowed?(what: Slowed): void } | undefined
}

export class Slowings {
  readonly #c: SlowingsComponents
  readonly #lines: Seldom

  constructor(components: SlowingsComponents) {
    this.#c = components
    this.#lines = new Seldom(components.clock)
  }

  /** @param source its address */
  atGateway(what: 'connection' | 'address', source: string): void {
    this.#c.observer?.slowed?.(what)
    if (this.#lines.isDue(`gateway ${source}`)) this.#c.logger.warn('gateway.slowed', { source })
  }

  inSession({ source, path, status, waitMs }: SlowedSession): void {
    this.#c.observer?.slowed?.('session')
    if (!this.#lines.isDue(`session ${source}`)) return
    this.#c.logger.warn('session.slowed', { source, path, reason: `status ${status}`, after_ms: waitMs })
  }
}

/**
 * Connections to one server of the 2025 revisions that serve one request at a time, because the server may ask on them.
 * One that is free serves whoever accepts the same; one that nobody uses is closed.
 */
import type { Clock, InputMethod } from '@hansa/protocols'
import { aborted } from './aborted.ts'
import { DriverError } from './errors.ts'
import { abilityKey } from './mcp-abilities.ts'
import type { McpLink } from './mcp-link.ts'

/** Connections to one server, those too on which a request waits for answers. */
const MAX_LEASES = 8
/** Of them, those that one caller has at the same time. */
const MAX_OF_PRINCIPAL = 4
/** Milliseconds after which a connection that nobody uses is closed. */
const IDLE_MS = 60_000

export type McpLease = { link: McpLink; release(): void }

type Leased = { key: string; link?: McpLink; principal: string | undefined; stopClosing(): void }

export class McpLeases {
  readonly #clock: Clock
  readonly #open: (abilities: readonly InputMethod[]) => Promise<McpLink>
  readonly #all = new Set<Leased>()
  #freed = Promise.withResolvers<void>()

  constructor(clock: Clock, open: (abilities: readonly InputMethod[]) => Promise<McpLink>) {
    this.#clock = clock
    this.#open = open
  }

  /** Waits for a connection while all are in use. @throws DriverError, or the reason of the signal */
  async take(abilities: readonly InputMethod[], principal: string, signal: AbortSignal): Promise<McpLease> {
    const key = abilityKey(abilities)
    for (;;) {
      const leased = this.#free(key, principal) ?? this.#room(key, principal)
      if (leased !== undefined) return this.#lease(leased, abilities)
      const abort = aborted(signal)
      await Promise.race([this.#freed.promise, abort.promise]).finally(() => abort.release())
    }
  }

  /** A connection is of no more use. @returns whether it was one of these */
  lose(link: McpLink): boolean {
    const lost = [...this.#all].find((leased) => leased.link === link)
    if (lost !== undefined) this.#drop(lost)
    return lost !== undefined
  }

  async close(): Promise<void> {
    const links = [...this.#all].map(({ link }) => link)
    for (const leased of this.#all) this.#drop(leased)
    await Promise.allSettled(links.map((link) => link?.close()))
  }

  /** The one that was used last: a server that keeps something in memory has it there. */
  #free(key: string, principal: string): Leased | undefined {
    this.#refuseBeyond(principal)
    const found = [...this.#all].findLast((leased) => leased.principal === undefined && leased.key === key)
    if (found === undefined) return undefined
    found.stopClosing()
    found.principal = principal
    return found
  }

  #room(key: string, principal: string): Leased | undefined {
    if (this.#all.size >= MAX_LEASES) {
      const idle = [...this.#all].find((leased) => leased.principal === undefined)
      if (idle === undefined) return undefined
      this.#end(idle)
    }
    const leased: Leased = { key, principal, stopClosing() {} }
    this.#all.add(leased)
    return leased
  }

  #refuseBeyond(principal: string): void {
    const held = [...this.#all].filter((leased) => leased.principal === principal).length
    if (held < MAX_OF_PRINCIPAL) return
    const reason = `${held} requests of this caller are open at the MCP server already`
    throw new DriverError({ code: 'backend_failed', began: false, reason })
  }

  async #lease(leased: Leased, abilities: readonly InputMethod[]): Promise<McpLease> {
    try {
      leased.link ??= await this.#open(abilities)
    } catch (error) {
      this.#drop(leased)
      throw error
    }
    let released = false
    return {
      link: leased.link,
      release: () => {
        if (released) return
        released = true
        this.#release(leased)
      },
    }
  }

  #release(leased: Leased): void {
    leased.principal = undefined
    if (!this.#all.delete(leased)) return
    // Behind all others: the next one takes the last that was used.
    this.#all.add(leased)
    leased.stopClosing = this.#clock.after(IDLE_MS, () => this.#end(leased))
    this.#wake()
  }

  #end(leased: Leased): void {
    this.#drop(leased)
    leased.link?.close().catch(() => {})
  }

  #drop(leased: Leased): void {
    leased.stopClosing()
    this.#all.delete(leased)
    this.#wake()
  }

  #wake(): void {
    this.#freed.resolve()
    this.#freed = Promise.withResolvers()
  }
}

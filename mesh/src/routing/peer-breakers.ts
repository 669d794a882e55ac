/**
 * One breaker for each peer, and the looks at peers that are cut off: made beside the calls, so that a peer that is gone
 * costs a caller nothing but the refusal, and found again within seconds.
 */
import type { Clock, Did } from '@hansa/protocols'
import { type BreakerSettings, DEFAULT_BREAKER } from './breaker-settings.ts'
import { CircuitBreaker } from './circuit-breaker.ts'

/** What is told when a peer is cut off, or answers again. */
export type BreakerChange =
  | { peer: Did; state: 'open'; reason: string }
  | { peer: Did; state: 'closed' /** Milliseconds for which it was cut off. */; afterMs: number }

export type BreakerView = {
  state: 'open' | 'half_open'
  /** Unix milliseconds since when it is not closed. */
  sinceMs: number
  /** One sentence for people. */
  reason: string
}

export type PeerBreakersComponents = {
  clock: Clock
  /** Whether the peer answers there now. Never rejects. */
  look(peer: Did, endpoint: string, signal: AbortSignal): Promise<boolean>
  changed(change: BreakerChange): void
}

/** Longest that one look takes, milliseconds. */
const LOOK_LIMIT_MS = 5_000
/** Breakers that are kept; those of peers without trouble go first. */
const MAX_PEERS = 10_000

type Held = {
  breaker: CircuitBreaker
  endpoint: string
  openedMs: number
  reason: string
  looking: boolean
  cancel?: () => void
}

export class PeerBreakers {
  readonly #c: PeerBreakersComponents
  readonly #settings: BreakerSettings
  readonly #held = new Map<Did, Held>()
  readonly #closed = new AbortController()

  constructor(components: PeerBreakersComponents, settings: Partial<BreakerSettings> = {}) {
    this.#c = components
    this.#settings = { ...DEFAULT_BREAKER, ...settings }
  }

  /** @returns why nothing is sent to the peer now; undefined when something may be. */
  refusal(peer: Did): string | undefined {
    const held = this.#held.get(peer)
    if (held?.breaker.state !== 'open') return undefined
    const seconds = Math.round((this.#c.clock.now() - held.openedMs) / 1000)
    return `cut off for ${seconds} s: ${held.reason}`
  }

  good(peer: Did, endpoint: string): void {
    const held = this.#of(peer, endpoint)
    const now = this.#c.clock.now()
    if (held.breaker.good(now)) this.#c.changed({ peer, state: 'closed', afterMs: now - held.openedMs })
  }

  /** @param what went wrong, one sentence. */
  bad(peer: Did, endpoint: string, what: string): void {
    const held = this.#of(peer, endpoint)
    const again = held.breaker.state === 'half_open'
    const why = held.breaker.bad(this.#c.clock.now())
    if (why === undefined) return
    if (!again) held.openedMs = this.#c.clock.now()
    held.reason = `${why}, the last one: ${what}`.slice(0, 512)
    if (!again) this.#c.changed({ peer, state: 'open', reason: held.reason })
    this.#lookLater(peer, held)
  }

  /** The peer has just proven to this kernel who it is: it is there, so it is looked at now. */
  heard(peer: Did): void {
    const held = this.#held.get(peer)
    if (held?.breaker.state !== 'open') return
    held.cancel?.()
    void this.#look(peer, held)
  }

  /** @returns undefined while nothing is wrong. */
  of(peer: Did): BreakerView | undefined {
    const held = this.#held.get(peer)
    const state = held?.breaker.state ?? 'closed'
    if (held === undefined || state === 'closed') return undefined
    return { state, sinceMs: held.openedMs, reason: held.reason }
  }

  /** How many peers are cut off now. */
  get open(): number {
    return [...this.#held.values()].filter(({ breaker }) => breaker.state === 'open').length
  }

  close(): void {
    this.#closed.abort()
    for (const { cancel } of this.#held.values()) cancel?.()
    this.#held.clear()
  }

  #of(peer: Did, endpoint: string): Held {
    const known = this.#held.get(peer)
    if (known !== undefined) {
      known.endpoint = endpoint
      return known
    }
    const breaker = new CircuitBreaker(this.#settings)
    const held = { breaker, endpoint, openedMs: 0, reason: '', looking: false }
    this.#held.set(peer, held)
    if (this.#held.size > MAX_PEERS) this.#forgetOne(peer)
    return held
  }

  #forgetOne(except: Did): void {
    for (const [peer, { breaker }] of this.#held) {
      if (peer === except || breaker.state !== 'closed') continue
      this.#held.delete(peer)
      return
    }
  }

  #lookLater(peer: Did, held: Held): void {
    held.cancel?.()
    if (this.#closed.signal.aborted) return
    held.cancel = this.#c.clock.after(held.breaker.pauseMs, () => void this.#look(peer, held))
  }

  async #look(peer: Did, held: Held): Promise<void> {
    if (held.looking || this.#closed.signal.aborted) return
    held.looking = true
    const stop = new AbortController()
    const cancel = this.#c.clock.after(LOOK_LIMIT_MS, () => stop.abort())
    try {
      const signal = AbortSignal.any([stop.signal, this.#closed.signal])
      held.breaker.looked(await this.#c.look(peer, held.endpoint, signal))
    } finally {
      cancel()
      held.looking = false
    }
    if (held.breaker.state === 'open') this.#lookLater(peer, held)
  }
}

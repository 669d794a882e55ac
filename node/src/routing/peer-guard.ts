/**
 * What keeps a bad peer from hurting anybody but itself: a breaker around every exchange with it, a budget for what is sent
 * again, and a moment without calls for one that looks at none.
 */
import {
  type BreakerChange,
  type BreakerView,
  breakingTransport,
  DEFAULT_RETRY_BUDGET,
  isPeersFault,
  lookOver,
  PeerBreakers,
  RetryBudget,
} from '@hansa/mesh'
import type { Clock, Did, EventLogger, PeerTransport } from '@hansa/protocols'
import type { CallObserver } from '../kernel/call-observer.ts'
import type { ImportedTarget, Refusal } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import { HoldOffs } from './hold-offs.ts'
import type { RoutingSettings } from './routing-settings.ts'

export type PeerGuardComponents = {
  clock: Clock
  logger: EventLogger
  transport: PeerTransport
  observer?: CallObserver | undefined
}

export class PeerGuard {
  /** Every exchange with a peer goes through it. */
  readonly transport: PeerTransport
  readonly retries: RetryBudget
  readonly holdOffs: HoldOffs
  readonly #breakers: PeerBreakers

  constructor({ clock, logger, transport, observer }: PeerGuardComponents, settings: RoutingSettings = {}) {
    const changed = (change: BreakerChange) => {
      const { peer, state } = change
      observer?.breaker?.(state)
      if (state === 'open') logger.warn('peer.cut_off', { peer, reason: change.reason })
      else logger.info('peer.back', { peer, after_ms: change.afterMs })
    }
    this.#breakers = new PeerBreakers({ clock, changed, look: lookOver(transport) }, settings.breaker)
    this.transport = breakingTransport(transport, { breakers: this.#breakers, nowMs: () => clock.now() })
    this.holdOffs = new HoldOffs(clock)
    this.retries = new RetryBudget({ ...DEFAULT_RETRY_BUDGET, ...settings.retries })
  }

  /** The receipt of a call was what it has to be. @param askedAt when its intent was made, Unix seconds */
  answered({ peer, endpoint }: Pick<ImportedTarget, 'peer' | 'endpoint'>, askedAt: number): void {
    this.#breakers.good(peer, endpoint)
    this.holdOffs.answered(peer, askedAt)
  }

  /** The peer has said, unsigned, that it looks at no calls now. @param askedAt when the intent was made, Unix seconds */
  turnedAway({ peer }: Pick<ImportedTarget, 'peer'>, askedAt: number): void {
    this.holdOffs.turnedAway(peer, askedAt)
  }

  /** What came as the receipt of a call was not one. */
  talkedNonsense({ peer, endpoint }: Pick<ImportedTarget, 'peer' | 'endpoint'>, what: string): void {
    this.#breakers.bad(peer, endpoint, what)
  }

  /** A call gave up before there was a session with the peer. @param signal that ended it */
  waitedInVain(
    { peer, endpoint }: Pick<ImportedTarget, 'peer' | 'endpoint'>,
    signal: AbortSignal,
    waitedMs: number,
  ): void {
    if (isPeersFault(signal, waitedMs)) this.#breakers.bad(peer, endpoint, `no session within ${waitedMs} ms`)
  }

  /** The peer has proven here who it is. */
  heard(peer: Did): void {
    this.#breakers.heard(peer)
  }

  /** @returns the same, or why its peer is asked nothing: it is cut off, or looks at no calls. */
  within(target: ImportedTarget | Refusal): ImportedTarget | Refusal {
    if (isRefusal(target)) return target
    const reason = this.#breakers.refusal(target.peer)
    if (reason === undefined) return this.holdOffs.refusal(target) ?? target
    return { refused: 'busy', reason: `${target.alias} is ${reason}`, cutOff: target.peer }
  }

  /** @returns undefined while nothing is wrong with it. */
  of(peer: Did): (BreakerView & { state: 'open' | 'half_open' }) | undefined {
    return this.#breakers.of(peer)
  }

  /** Peers that are cut off now. */
  get cutOff(): number {
    return this.#breakers.open
  }

  close(): void {
    this.#breakers.close()
  }
}

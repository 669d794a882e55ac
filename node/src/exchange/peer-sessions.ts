/**
 * The sessions that this kernel opened with its peers: one per peer, opened when a call first needs it, shared by all
 * calls, replaced before it ends, dropped when the peer no longer knows it.
 */

import type { OutboundSession } from '@hansa/mesh'
import type { Clock, Did, PeerTransport } from '@hansa/protocols'
import type { Refusal } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'

export type OpenSession = (peer: Did, endpoint: string) => Promise<OutboundSession | Refusal>

export class PeerSessions {
  readonly #openSession: OpenSession
  readonly #clock: Clock
  readonly #held = new Map<Did, OutboundSession>()
  readonly #opening = new Map<Did, Promise<OutboundSession | Refusal>>()
  /** Peers whose session was forgotten while it was opened. */
  readonly #lost = new Set<Did>()

  /** @param components.transport says when a session has lost the channel that it is bound to. */
  constructor(components: { open: OpenSession; clock: Clock; transport?: Pick<PeerTransport, 'onUnbound'> }) {
    this.#openSession = components.open
    this.#clock = components.clock
    components.transport?.onUnbound?.((peer) => this.forget(peer))
  }

  /** @returns the session to use now; a waiting caller shares the handshake that is under way. */
  get(peer: Did, endpoint: string): OutboundSession | Promise<OutboundSession | Refusal> {
    const held = this.#held.get(peer)
    const now = Math.floor(this.#clock.now() / 1000)
    if (held !== undefined && now < held.renewAt) return held
    const opening = this.#opening.get(peer) ?? this.#start(peer, endpoint)
    this.#opening.set(peer, opening)
    return opening
  }

  /** Peers with whom a session is open, and where each is. */
  open(): { peer: Did; endpoint: string }[] {
    const now = Math.floor(this.#clock.now() / 1000)
    return [...this.#held.values()].flatMap(({ facts: { peer, endpoint, exp } }) =>
      now < exp ? [{ peer, endpoint }] : [],
    )
  }

  /** The peer does not know this session any more. */
  drop(peer: Did, sid: string): void {
    if (this.#held.get(peer)?.sid === sid) this.#held.delete(peer)
  }

  /** Whatever is open with the peer is not used any more. */
  forget(peer: Did): void {
    this.#held.delete(peer)
    if (this.#opening.has(peer)) this.#lost.add(peer)
  }

  async #start(peer: Did, endpoint: string): Promise<OutboundSession | Refusal> {
    try {
      const opened = await this.#openSession(peer, endpoint)
      if (!isRefusal(opened) && !this.#lost.has(peer)) this.#held.set(peer, opened)
      return opened
    } finally {
      this.#opening.delete(peer)
      this.#lost.delete(peer)
    }
  }
}

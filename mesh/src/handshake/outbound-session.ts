import type { ChannelKind, CheckpointReference, Did, SessionId, SessionLevel } from '@hansa/protocols'
import type { SeenManifest } from '../peers/peer-memory.ts'
import { SESSION_RENEWAL_SECONDS } from './constants.ts'

export type OutboundSessionFacts = {
  sid: SessionId
  peer: Did
  endpoint: string
  channel: ChannelKind
  /** What this side has verified of the peer. */
  level: SessionLevel
  /** Why the level is not higher. */
  reasons: readonly string[]
  /** What the peer says it has verified of this side. */
  granted: { level: SessionLevel; reasons: readonly string[] }
  /** The manifest that the peer serves now; newer than the imported one means that it is time to refresh. */
  manifest: SeenManifest
  /** Version of the peer's policy. */
  policyVersion: number
  /** The peer's newest checkpoint that was verified: what intents name as `chk`. */
  checkpoint?: CheckpointReference
  /** How far the peer's clock is ahead, seconds. */
  clockOffset: number
  /** Unix seconds by this side's clock. */
  opened: number
  /** Unix seconds by this side's clock, exclusive. */
  exp: number
}

/** A session that this kernel has opened with a peer. Counts the intents that are sent in it. */
export class OutboundSession {
  readonly facts: Readonly<OutboundSessionFacts>
  /** Unix seconds from which the next session should be opened, before this one ends. */
  readonly renewAt: number
  #ctr = 0

  constructor(facts: OutboundSessionFacts) {
    this.facts = facts
    this.renewAt = Math.min(facts.opened + SESSION_RENEWAL_SECONDS, facts.exp)
  }

  get sid(): SessionId {
    return this.facts.sid
  }

  get peer(): Did {
    return this.facts.peer
  }

  /** @returns the counter of the next intent: 1, 2, 3 ... Each is used once, whether or not its intent arrives. */
  nextCtr(): number {
    this.#ctr += 1
    return this.#ctr
  }

  /** @param now Unix seconds. */
  isLive(now: number): boolean {
    return now < this.facts.exp
  }
}

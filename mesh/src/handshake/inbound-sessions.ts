/**
 * The sessions that other kernels have opened here. In memory only: a restart ends them all, and with them every counter
 * that could be replayed (wire.md, replay).
 *
 * A session id is never given twice, not even to the same proof: what is closed early stays known until its challenge can
 * no longer be answered.
 */
import type {
  ChannelKind,
  CheckpointReference,
  Clock,
  Code,
  Did,
  SessionId,
  SessionLevel,
  SignedManifest,
} from '@hansa/protocols'
import { CHALLENGE_LIFE_SECONDS, SESSION_LIFE_SECONDS } from './constants.ts'
import { ReplayWindow } from './replay-window.ts'

export type InboundSession = {
  readonly sid: SessionId
  /** Who opened it; every intent of the session is signed by it. */
  readonly peer: Did
  readonly channel: ChannelKind
  /** What the one connection exports on which its intents have to come; undefined when any will do. */
  readonly connection?: Uint8Array
  readonly level: SessionLevel
  /** Why the level is not higher. */
  readonly reasons: readonly string[]
  /** Unix seconds. */
  readonly opened: number
  /** Unix seconds, exclusive. */
  readonly exp: number
  /** Which counters its intents have used. */
  readonly window: ReplayWindow
  /** At level 1: what the peer advertised when it opened the session. */
  readonly manifest?: SignedManifest
  /** At level 1: the peer's newest checkpoint, verified. */
  readonly checkpoint?: CheckpointReference
}

export type NewSession = Omit<InboundSession, 'opened' | 'exp' | 'window'>
export type SessionFault = { ok: false; code: Code; reason: string }
export type OpenedInbound = { ok: true; session: InboundSession } | SessionFault

export interface InboundSessions {
  readonly size: number
  /** The session while it lives; undefined for one that is unknown, closed or expired. */
  get(sid: SessionId): InboundSession | undefined
  /** Whether the id was given already, to a session that is alive or gone. */
  isSpent(sid: SessionId): boolean
  /** Why this peer may not open another session now, if it may not; asked before work is done for it. */
  openingFault(peer: Did): SessionFault | undefined
  open(session: NewSession): OpenedInbound
  close(sid: SessionId): void
  /** What a peer advertised when it opened its newest session of level 1. */
  manifestOf(peer: Did): SignedManifest | undefined
  /** Closes every session of a peer. */
  closePeer(peer: Did): void
  /** Who has a session now. */
  peers(): Did[]
}

export type InboundSessionsInit = {
  /** When full, the oldest session that has carried no call makes room; when all have, `busy`. @default 4_096 */
  maxSessions?: number
  /** When reached, the peer's oldest session ends: replicas and restarts of one peer. @default 32 */
  maxPerPeer?: number
  /** Sessions that one peer may open in a minute, beyond which `rate_limited`. @default 10 */
  perMinute?: number
  /** A peer has proven who it is, and a session is open. @default nobody is told */
  opened?(peer: Did): void
}

export function inboundSessions(init: InboundSessionsInit = {}): (components: { clock: Clock }) => InboundSessions {
  return ({ clock }) => new SessionTable(init, clock)
}

class SessionTable implements InboundSessions {
  readonly #clock: Clock
  readonly #maxSessions: number
  readonly #maxPerPeer: number
  readonly #perMinute: number
  readonly #opened: (peer: Did) => void
  /** In the order of opening, which is that of expiry. */
  readonly #sessions = new Map<SessionId, InboundSession>()
  readonly #byPeer = new Map<Did, Set<InboundSession>>()
  /** Closed before their time, with the second from which their challenge is too old. */
  readonly #spent = new Map<SessionId, number>()
  /** Seconds at which each peer opened sessions, of the last minute. */
  readonly #openings = new Map<Did, number[]>()

  constructor(init: InboundSessionsInit, clock: Clock) {
    this.#clock = clock
    this.#maxSessions = init.maxSessions ?? 4096
    this.#maxPerPeer = init.maxPerPeer ?? 32
    this.#perMinute = init.perMinute ?? 10
    this.#opened = (peer) => init.opened?.(peer)
  }

  get size(): number {
    return this.#sessions.size
  }

  get(sid: SessionId): InboundSession | undefined {
    const session = this.#sessions.get(sid)
    return session !== undefined && this.#now() < session.exp ? session : undefined
  }

  isSpent(sid: SessionId): boolean {
    return this.#sessions.has(sid) || this.#spent.has(sid)
  }

  openingFault(peer: Did): SessionFault | undefined {
    if (this.#recentOpenings(peer).length < this.#perMinute) return undefined
    return refuse('rate_limited', 'this peer opens sessions too often')
  }

  open(init: NewSession): OpenedInbound {
    const now = this.#now()
    this.#forgetExpired(now)
    if (this.isSpent(init.sid)) return refuse('handshake_failed', 'this proof has been used')
    const fault = this.openingFault(init.peer)
    if (fault !== undefined) return fault
    if (!this.#makeRoom(init.peer, now)) return refuse('busy', 'every session is in use')
    const recent = this.#recentOpenings(init.peer)
    this.#openings.delete(init.peer)
    this.#openings.set(init.peer, [...recent, now])
    const session = { ...init, opened: now, exp: now + SESSION_LIFE_SECONDS, window: new ReplayWindow() }
    this.#sessions.set(session.sid, session)
    this.#ofPeer(session.peer).add(session)
    this.#opened(session.peer)
    return { ok: true, session }
  }

  close(sid: SessionId): void {
    const session = this.#sessions.get(sid)
    if (session === undefined) return
    this.#remove(session)
    this.#spent.set(sid, session.opened + CHALLENGE_LIFE_SECONDS)
  }

  manifestOf(peer: Did): SignedManifest | undefined {
    const own = [...(this.#byPeer.get(peer) ?? [])].filter(({ exp }) => this.#now() < exp)
    return own.findLast(({ manifest }) => manifest !== undefined)?.manifest
  }

  closePeer(peer: Did): void {
    for (const session of [...(this.#byPeer.get(peer) ?? [])]) this.close(session.sid)
  }

  peers(): Did[] {
    const now = this.#now()
    return [...this.#byPeer].flatMap(([peer, own]) => ([...own].some(({ exp }) => now < exp) ? [peer] : []))
  }

  #recentOpenings(peer: Did): number[] {
    const since = this.#now() - 60
    return (this.#openings.get(peer) ?? []).filter((opened) => opened > since)
  }

  #makeRoom(peer: Did, now: number): boolean {
    const own = this.#byPeer.get(peer)
    const [oldest] = own ?? []
    if (own !== undefined && oldest !== undefined && own.size >= this.#maxPerPeer) this.close(oldest.sid)
    if (this.#sessions.size < this.#maxSessions) return true
    for (const session of this.#sessions.values()) {
      // Younger ones may have their first call on the way.
      if (session.opened + CHALLENGE_LIFE_SECONDS > now) return false
      if (session.window.highest > 0) continue
      this.close(session.sid)
      return true
    }
    return false
  }

  #forgetExpired(now: number): void {
    for (const session of this.#sessions.values()) {
      if (session.exp > now) break
      this.#remove(session)
    }
    for (const [sid, until] of this.#spent) if (until <= now) this.#spent.delete(sid)
    for (const [peer, openings] of this.#openings) {
      if ((openings.at(-1) ?? 0) > now - 60) break
      this.#openings.delete(peer)
    }
  }

  #remove(session: InboundSession): void {
    this.#sessions.delete(session.sid)
    const own = this.#ofPeer(session.peer)
    own.delete(session)
    if (own.size === 0) this.#byPeer.delete(session.peer)
  }

  #ofPeer(peer: Did): Set<InboundSession> {
    const known = this.#byPeer.get(peer)
    if (known !== undefined) return known
    const fresh = new Set<InboundSession>()
    this.#byPeer.set(peer, fresh)
    return fresh
  }

  #now(): number {
    return Math.floor(this.#clock.now() / 1000)
  }
}

function refuse(code: Code, reason: string): SessionFault {
  return { ok: false, code, reason }
}

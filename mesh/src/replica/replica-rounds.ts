/**
 * Keeps a replica equal to those of some neighbours. Each of a few strands asks one neighbour at a time for its digest, and
 * that answer is held back until there is a difference: so a change is fetched when it happens, also from a neighbour that
 * knows nothing of this kernel and could not push. Where they differ, they are reconciled.
 */
import type { Clock, Did, PeerTransport } from '@hansa/protocols'
import { AskReplica, type Neighbour, NeighbourFault, type Traffic } from './ask-replica.ts'
import { Declined } from './declined.ts'
import type { LocalReplica } from './local-replica.ts'
import { type Reconciled, reconcile } from './reconcile.ts'
import { shuffled } from './shuffled.ts'
import { TurnsLost } from './turns-lost.ts'

export type RoundTimes = {
  /** Between two questions to neighbours that do not hold them back, and to one that failed, milliseconds. @default 5_000 */
  periodMs: number
  /** For which a neighbour is asked to hold a question back, seconds, 1 to 25. @default 20 */
  waitSeconds: number
  /** Neighbours that are followed at a time. @default 3 */
  strands: number
}

export const DEFAULT_ROUNDS: RoundTimes = { periodMs: 5_000, waitSeconds: 20, strands: 3 }

/** Milliseconds from one reconciliation with a neighbour to the next question. */
const AFTER_CHANGE_MS = 250
/** Longest pause with a neighbour that answers as it may not, or has what is not taken. */
const LONGEST_PAUSE_MS = 300_000

const nothing = { taken: 0, given: 0, equal: false }

export type RoundReport = Reconciled & Traffic & { neighbour: Did; tookMs: number; fault?: string; away?: boolean }

export type ReplicaRoundsComponents = {
  replica: LocalReplica
  clock: Clock
  transport: Pick<PeerTransport, 'send'>
  neighbours(): readonly Neighbour[]
  /** From 0 to below 1. */
  random(): number
  /** Told of each neighbour whenever it has answered. @default nobody is */
  heard?(neighbour: Did): void
  /** Told of every reconciliation, and of every neighbour that failed. @default nobody is */
  ended?(report: RoundReport): void
}

export class ReplicaRounds {
  readonly #c: ReplicaRoundsComponents
  readonly #times: RoundTimes
  readonly #declined: Declined
  readonly #lost: TurnsLost
  readonly #asked = new Set<Did>()
  readonly #pauses = new Map<Did, { untilMs: number; pauseMs: number }>()
  readonly #heard = new Map<Did, number>()
  readonly #stop = new AbortController()
  readonly #strands = new Set<() => void>()

  constructor(components: ReplicaRoundsComponents, times: Partial<RoundTimes> = {}) {
    this.#c = components
    this.#times = { ...DEFAULT_ROUNDS, ...times }
    this.#declined = new Declined(components.clock)
    this.#lost = new TurnsLost(components.clock)
  }

  /** Until `close`. */
  start(): void {
    for (let strand = 0; strand < this.#times.strands; strand++) this.#next(strand * AFTER_CHANGE_MS)
  }

  /** Unix milliseconds at which a neighbour last answered; undefined when it has not. */
  lastHeard(did: Did): number | undefined {
    return this.#heard.get(did)
  }

  /** One reconciliation with one neighbour, now. Never throws for anything that it does. */
  async with(neighbour: Neighbour): Promise<RoundReport> {
    return this.#reconcile(neighbour, this.#askOf(neighbour))
  }

  close(): void {
    this.#stop.abort()
    for (const cancel of this.#strands) cancel()
    this.#strands.clear()
  }

  #next(delayMs: number): void {
    if (this.#stop.signal.aborted) return
    const run = () => {
      this.#strands.delete(cancel)
      void this.#turn().then((nextMs) => this.#next(nextMs))
    }
    const cancel = this.#c.clock.after(delayMs, run)
    this.#strands.add(cancel)
  }

  /** @returns milliseconds to the next turn of this strand. */
  async #turn(): Promise<number> {
    const neighbour = this.#choose()
    if (neighbour === undefined) return this.#jittered(this.#times.periodMs)
    this.#asked.add(neighbour.did)
    try {
      return await this.#follow(neighbour)
    } finally {
      this.#asked.delete(neighbour.did)
    }
  }

  /** One that no other strand asks, and that has neither failed nor lost its turn. */
  #choose(): Neighbour | undefined {
    const now = this.#c.clock.now()
    const rests = (did: Did) => (this.#pauses.get(did)?.untilMs ?? 0) > now || this.#lost.has(did)
    const free = this.#c.neighbours().filter(({ did }) => !this.#asked.has(did) && !rests(did))
    return shuffled(free, this.#c.random)[0]
  }

  async #follow(neighbour: Neighbour): Promise<number> {
    const { replica, clock } = this.#c
    const ask = this.#askOf(neighbour)
    const beganMs = clock.now()
    const known = replica.digest
    try {
      const [root] = await ask.places({ places: [''], known, wait: this.#times.waitSeconds })
      this.#heardOf(neighbour.did)
      if (root?.digest === replica.digest) {
        this.#pauses.delete(neighbour.did)
        const held = clock.now() - beganMs >= this.#times.periodMs || known !== root.digest
        return this.#jittered(held ? AFTER_CHANGE_MS : this.#times.periodMs)
      }
    } catch (error) {
      if (!(error instanceof NeighbourFault)) throw error
      this.#report(neighbour, ask, beganMs, { ...nothing, fault: error.message, away: error.away })
      return error.away ? this.#rest(neighbour.did) : this.#pause(neighbour.did)
    }
    const { away, fault, rejected, taken, given, equal } = await this.#reconcile(neighbour, ask)
    if (away === true) return this.#rest(neighbour.did)
    const progress = fault === undefined && rejected === undefined && (taken > 0 || given > 0 || equal)
    if (!progress) return this.#pause(neighbour.did)
    this.#pauses.delete(neighbour.did)
    return this.#jittered(AFTER_CHANGE_MS)
  }

  async #reconcile(neighbour: Neighbour, ask: AskReplica): Promise<RoundReport> {
    const beganMs = this.#c.clock.now()
    const components = { replica: this.#c.replica, declined: this.#declined }
    try {
      const done = await reconcile(components, ask, neighbour.did)
      this.#heardOf(neighbour.did)
      if (done.rejected !== undefined) this.#lost.lose(neighbour.did)
      return this.#report(neighbour, ask, beganMs, done)
    } catch (error) {
      if (!(error instanceof NeighbourFault)) throw error
      return this.#report(neighbour, ask, beganMs, { ...nothing, fault: error.message, away: error.away })
    }
  }

  #report(
    { did: neighbour }: Neighbour,
    { traffic }: AskReplica,
    beganMs: number,
    done: Reconciled & Pick<RoundReport, 'fault' | 'away'>,
  ): RoundReport {
    const report = { ...done, ...traffic, neighbour, tookMs: this.#c.clock.now() - beganMs }
    if (!this.#stop.signal.aborted) this.#c.ended?.(report)
    return report
  }

  /** One that does not answer is asked again in the next period, however long it was away: it may be back. */
  #rest(did: Did): number {
    const { periodMs } = this.#times
    const pauseMs = this.#jittered(periodMs)
    this.#pauses.set(did, { untilMs: this.#c.clock.now() + pauseMs, pauseMs: periodMs })
    this.#forgetPauses()
    return this.#jittered(AFTER_CHANGE_MS)
  }

  /** Twice as long each time. @returns milliseconds to the next turn, with another neighbour where there is one. */
  #pause(did: Did): number {
    const { periodMs } = this.#times
    const before = this.#pauses.get(did)?.pauseMs
    const pauseMs = Math.min(LONGEST_PAUSE_MS, before === undefined ? periodMs : before * 2)
    this.#pauses.set(did, { untilMs: this.#c.clock.now() + this.#jittered(pauseMs), pauseMs })
    this.#forgetPauses()
    return this.#jittered(AFTER_CHANGE_MS)
  }

  /** Of kernels that are no neighbours any more. */
  #forgetPauses(): void {
    const neighbours = new Set(this.#c.neighbours().map(({ did }) => did))
    for (const map of [this.#pauses, this.#heard])
      for (const did of map.keys()) if (!neighbours.has(did)) map.delete(did)
  }

  #heardOf(did: Did): void {
    this.#heard.set(did, this.#c.clock.now())
    this.#c.heard?.(did)
  }

  #askOf(neighbour: Neighbour): AskReplica {
    const { transport, clock } = this.#c
    return new AskReplica({ transport, clock, signal: this.#stop.signal }, neighbour)
  }

  /** Up to a fifth more or less, so that kernels that began together do not go on in step. */
  #jittered(ms: number): number {
    return ms * (0.8 + 0.4 * this.#c.random())
  }
}

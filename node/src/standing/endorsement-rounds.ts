/**
 * Asks those peers whose word counts what they make of the kernels that this one knows, once an hour. What verified is an
 * entry of the log when it changes, so that a score can be recomputed from the log alone; a score is looked up there.
 */
import type { Clock, Did, EntryDraft, EventLogger } from '@hansa/protocols'
import { MAX_ENDORSEMENT_SUBJECTS } from '@hansa/protocols'
import type { KeyResolver } from '@hansa/trust'
import {
  dayOf,
  type EvidenceLog,
  organisationOf,
  ownScore,
  type RecordedEndorsement,
  readEndorsement,
  SOURCE_SCORE,
} from '@hansa/trust/score'
import { faultFields } from '../kernel/fault-fields.ts'

export type EndorsementRoundsComponents = {
  self: Did
  clock: Clock
  logger: EventLogger
  resolver: KeyResolver
  evidence: EvidenceLog
  append(draft: EntryDraft): unknown
  /** Whether it can be asked. */
  reaches(peer: Did): boolean
  sameOwner(peer: Did): boolean
  /** Whether it is under a sanction that is more than a warning: its word does not count then. */
  sanctioned(peer: Did): boolean
  /** Compact JWS, of which nothing is verified. */
  ask(peer: Did, about: readonly Did[]): Promise<string[]>
}

const HOUR_MS = 3_600_000
/** An endorsement that says the same again is an entry when the one before runs out within this time, seconds. */
const RENEWED_WITHIN_SECONDS = 43_200
/** Kernels about which one peer is asked in one round; the next round goes on behind them. */
const MAX_ASKED = 4 * MAX_ENDORSEMENT_SUBJECTS

type Verified = { jws: string; hash: string; score: number; exp: number }

export class EndorsementRounds {
  readonly #c: EndorsementRoundsComponents
  #nextMs: number
  #round = 0
  #running = false
  #closed = false

  constructor(components: EndorsementRoundsComponents) {
    this.#c = components
    // What was received before a start is in the log, and holds for a day.
    this.#nextMs = components.clock.now() + HOUR_MS
  }

  /** Ends what has run out, and begins a round when an hour has passed. Call it every few seconds. */
  tick(): void {
    this.#expire()
    const { clock, logger } = this.#c
    if (this.#running || this.#closed || clock.now() < this.#nextMs) return
    this.#running = true
    this.#nextMs = clock.now() + HOUR_MS
    this.#all()
      .catch((error: unknown) => logger.warn('standing.not_recorded', { peer: this.#c.self, ...faultFields(error) }))
      .finally(() => {
        this.#running = false
      })
  }

  close(): void {
    this.#closed = true
  }

  get #seconds(): number {
    return Math.floor(this.#c.clock.now() / 1000)
  }

  /** Of a house of ours, ours. */
  #houseOf(did: Did): string {
    return organisationOf(this.#c.sameOwner(did) ? this.#c.self : did)
  }

  async #all(): Promise<void> {
    const { evidence, self, clock, reaches, sanctioned, logger } = this.#c
    const known = evidence.peers().filter((did) => did !== self)
    const today = dayOf(clock.now())
    const trusted = (did: Did) => !sanctioned(did) && ownScore(evidence, did, today) >= SOURCE_SCORE
    const sources = known.filter((did) => reaches(did) && trusted(did))
    const round = this.#round++
    for (const peer of sources) {
      const others = known.filter((did) => did !== peer && this.#houseOf(did) !== this.#houseOf(peer))
      const about = turned(others, round * MAX_ASKED).slice(0, MAX_ASKED)
      for (let at = 0; at < about.length && !this.#closed; at += MAX_ENDORSEMENT_SUBJECTS) {
        await this.#askOne(peer, about.slice(at, at + MAX_ENDORSEMENT_SUBJECTS)).catch((error: unknown) =>
          logger.warn('standing.endorsements_missing', { peer, ...faultFields(error) }),
        )
      }
    }
  }

  async #askOne(peer: Did, about: readonly Did[]): Promise<void> {
    const { ask, resolver, logger } = this.#c
    const answers = await ask(peer, about)
    const asked = new Set(about)
    const verified = new Map<Did, Verified>()
    for (const jws of answers) {
      const reading = await readEndorsement(jws, { resolver, now: this.#seconds, endorser: peer, asked })
      if (!reading.ok) {
        logger.warn('standing.endorsement_refused', { peer, reason: reading.reason })
        continue
      }
      const { sub, score, exp } = reading.endorsement
      verified.set(sub, { jws, hash: reading.hash, score, exp })
    }
    if (this.#closed) return
    for (const subject of about) this.#settle(peer, subject, verified.get(subject))
  }

  #settle(peer: Did, subject: Did, said: Verified | undefined): void {
    const held = this.#held(subject).find(({ endorser }) => endorser === peer)
    if (said === undefined) {
      if (held !== undefined) this.#end(held, subject, 'not endorsed any more')
      return
    }
    const organisation = this.#houseOf(peer)
    const same = held?.endorsed === said.score && held.organisation === organisation
    if (same && held.expires > this.#seconds + RENEWED_WITHIN_SECONDS) return
    const { jws, hash, score, exp } = said
    const ext = { subject, standing: score, expires: exp, organisation, hash, jws }
    this.#c.append({ type: 'endorsement.received', peer, ext })
  }

  #expire(): void {
    const { evidence, sanctioned, logger } = this.#c
    for (const subject of evidence.peers()) {
      for (const held of this.#held(subject)) {
        const sanction = sanctioned(held.endorser)
        if (held.expires > this.#seconds && !sanction) continue
        try {
          this.#end(held, subject, sanction ? 'its endorser is under a sanction' : 'expired')
        } catch (error) {
          logger.warn('standing.not_recorded', { peer: subject, ...faultFields(error) })
        }
      }
    }
  }

  #end({ endorser, hash }: RecordedEndorsement, subject: Did, reason: string): void {
    this.#c.append({ type: 'endorsement.ended', peer: endorser, ext: { subject, hash, reason } })
  }

  /** What counts today. */
  #held(subject: Did): RecordedEndorsement[] {
    const today = dayOf(this.#c.clock.now())
    return this.#c.evidence.endorsementsOf(subject).filter(({ from, until }) => from <= today && today < until)
  }
}

/** From one place on, and then from the beginning. */
function turned<T>(all: readonly T[], by: number): T[] {
  const at = all.length <= MAX_ASKED ? 0 : by % all.length
  return [...all.slice(at), ...all.slice(0, at)]
}

/**
 * The standing of every peer, from what the log of this kernel says of it (security.md B9). Computed once a day and when
 * something counts at once; a decision about a call finds it in memory. A change of tier is an entry of the log.
 *
 * When the evidence cannot be read, a peer has what it had last less a hundred points, and does not rise.
 */
import type { Clock, Did, EntryDraft, EventLogger } from '@hansa/protocols'
import type { Appended } from '@hansa/trust/ledger'
import {
  basisWithEndorsers,
  dayOf,
  type EvidenceEntry,
  type EvidenceTaken,
  inputsHash,
  NEWCOMER,
  nextTier,
  type ScoreBasis,
  scoreOf,
  type Tier,
} from '@hansa/trust/score'
import { faultFields } from '../kernel/fault-fields.ts'
import type { PeerStanding, Standing } from './standing.ts'

/** What `EvidenceLog` gives; it may throw. */
export interface Evidence {
  peers(): Did[]
  has(peer: Did): boolean
  endorsedBy(endorser: Did): Did[]
  tierOf(peer: Did): Tier | undefined
  basis(peer: Did, day: number, scoreOfEndorser?: (did: Did) => number): ScoreBasis
  take(entry: EvidenceEntry, leafHash: () => string): EvidenceTaken
}

export type StandingBookComponents = {
  evidence: Evidence
  clock: Clock
  logger: EventLogger
  origin: string
  append(draft: EntryDraft): Appended
}

/** Points that a standing loses while its evidence cannot be read. */
const UNREADABLE_COSTS = 100

const newcomer: PeerStanding = { score: NEWCOMER, tier: nextTier('blocked', NEWCOMER) }

type Known = { standing: PeerStanding; day: number; unreadable: boolean /** Something counts since. */; stale: boolean }

export class StandingBook implements Standing {
  readonly #c: StandingBookComponents
  /** What was computed last. */
  readonly #known = new Map<Did, Known>()

  constructor(components: StandingBookComponents) {
    this.#c = components
  }

  of(did: Did): PeerStanding {
    const known = this.#known.get(did)
    const fresh = known !== undefined && known.day === this.#today && !known.stale && !known.unreadable
    return (fresh ? known : this.#compute(did, known))?.standing ?? newcomer
  }

  /** An entry was written: what counts at once is in effect when this returns. */
  saw(draft: EntryDraft, appended: Pick<Appended, 'seq' | 'tMs' | 'leafHash'>): void {
    if (draft.peer === undefined && draft.ext?.subject === undefined) return
    const { type, peer, actor, call_id, ext, verdicts } = draft
    const { seq, tMs } = appended
    // Every entry of every call comes by here: one shape, and no copy of what nobody looks at.
    const entry = { type, origin: this.#c.origin, seq, t_ms: tMs, peer, actor, call_id, ext, verdicts }
    const taken = this.#c.evidence.take(entry, () => appended.leafHash)
    if (taken?.counts !== 'now') return
    // What it is worth is also what its word is worth.
    const touched = [taken.peer, ...this.#c.evidence.endorsedBy(taken.peer)]
    for (const peer of touched) {
      const known = this.#known.get(peer)
      if (known !== undefined) known.stale = true
    }
    for (const peer of touched) this.#tell(peer)
  }

  /** Tells of tiers that a day has changed; call it every few seconds. */
  tick(): void {
    for (const peer of this.#c.evidence.peers()) this.#tell(peer)
  }

  get #today(): number {
    return dayOf(this.#c.clock.now())
  }

  /** @returns undefined for a kernel of which nothing is known. */
  #compute(did: Did, last: Known | undefined): Known | undefined {
    const { evidence, logger } = this.#c
    const day = this.#today
    try {
      if (!evidence.has(did)) return undefined
      const { score, tier } = scoreOf(basisWithEndorsers(evidence, did, day))
      const known = { standing: { score, tier }, day, unreadable: false, stale: false }
      this.#known.set(did, known)
      return known
    } catch (error) {
      if (last?.unreadable === true) return last
      logger.error('standing.unreadable', { peer: did, ...faultFields(error) })
      const before = last?.standing ?? newcomer
      const score = Math.max(0, before.score - UNREADABLE_COSTS)
      const known = { standing: { score, tier: nextTier(before.tier, score) }, day, unreadable: true, stale: false }
      this.#known.set(did, known)
      return known
    }
  }

  /** An entry for a tier that is another one than the log has. What the log cannot take now is told by a later tick. */
  #tell(peer: Did): void {
    const { evidence, append, logger } = this.#c
    const { score, tier } = this.of(peer)
    if (this.#known.get(peer)?.unreadable !== false) return
    const before = evidence.tierOf(peer) ?? newcomer.tier
    if (tier === before) return
    const hash = inputsHash(peer, basisWithEndorsers(evidence, peer, this.#today))
    try {
      append({ type: 'standing.changed', peer, ext: { standing: score, tier, hash, reason: `${before} before` } })
      logger.info('standing.changed', { peer, score, tier, before })
    } catch (error) {
      logger.warn('standing.not_recorded', { peer, ...faultFields(error) })
    }
  }
}

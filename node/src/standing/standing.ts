/** What another kernel may be trusted with, as this one knows it now (security.md B9). */
import type { Did } from '@hansa/protocols'
import { MAX_SCORE, type Tier, tiers } from '@hansa/trust/score'

export type PeerStanding = {
  /** 0 to 1000. */
  score: number
  tier: Tier
}

/** Of this kernel and those of its owner. */
export const NOT_JUDGED: PeerStanding = { score: MAX_SCORE, tier: tiers.at(-1) ?? 'trusted' }

/** Of two the one that permits less. */
export function lesser(one: PeerStanding, other: PeerStanding): PeerStanding {
  const [first, second] = [tiers.indexOf(one.tier), tiers.indexOf(other.tier)]
  if (first !== second) return first < second ? one : other
  return one.score <= other.score ? one : other
}

export interface Standing {
  /** Synchronous: it is asked in every decision about a call. */
  of(did: Did): PeerStanding
}

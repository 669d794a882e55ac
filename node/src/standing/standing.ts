/** What another kernel may be trusted with, as this one knows it now (security.md B9). */
import type { Did } from '@hansa/protocols'
import type { Tier } from '@hansa/trust/score'

export type PeerStanding = {
  /** 0 to 1000. */
  score: number
  tier: Tier
}

export interface Standing {
  /** Synchronous: it is asked in every decision about a call. */
  of(did: Did): PeerStanding
}

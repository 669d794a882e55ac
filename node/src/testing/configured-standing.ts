import type { Did } from '@hansa/protocols'
import { nextTier } from '@hansa/trust/score'
import type { Standing } from '../standing/standing.ts'

/** The standing that the operator has given a peer, and nothing that it did. */
export function configuredStanding(peers: { of(did: Did): { standing: number } }): Standing {
  return {
    of(did) {
      const score = peers.of(did).standing
      return { score, tier: nextTier('blocked', score) }
    },
  }
}

/** What each tier permits a peer that calls (security.md B9). One table for every kernel: rules may only tighten it. */
import { PROBATION_CALLS, type Tier, thresholds, tiers } from '@hansa/trust/score'
import type { Received } from '../kernel/stages.ts'
import { lesser, type PeerStanding, type Standing } from './standing.ts'

/** @returns why the standing of the caller does not permit the call; undefined when it does, or no peer calls. */
export function refuseStanding(
  call: Pick<Received, 'caller' | 'target' | 'labels' | 'delegation'>,
  standing: Standing,
): string | undefined {
  const { caller, target, labels } = call
  if (caller.kind !== 'peer') return undefined
  const { score, tier } = leastStanding(call, standing.of(caller.did))
  const labelled = target.labels.length > 0 || labels.length > 0
  const needed = neededFor(target.safety, labelled)
  if (reaches(tier, needed)) return undefined
  const what = tier === 'blocked' ? 'any call' : `${target.safety}${labelled ? ' of labelled data' : ''}`
  return `its standing is ${score} (${tier}); ${what} takes ${thresholds[needed]}`
}

/** Whoever acts for somebody else is trusted no more than any of those in between. @param own of the one who calls */
export function leastStanding({ delegation }: Pick<Received, 'delegation'>, own: PeerStanding): PeerStanding {
  return delegation === undefined ? own : lesser(own, delegation.standing)
}

/** Whether what the peer is given must have no labels. */
export function isUnlabelledOnly({ tier }: PeerStanding): boolean {
  return !reaches(tier, 'trusted_reader')
}

/** Calls of the peer in 24 hours. */
export function callsPerDay({ tier }: PeerStanding): number {
  return tier === 'probation' ? PROBATION_CALLS : Number.POSITIVE_INFINITY
}

/** Where the calls of a peer of one day are counted. */
export function dailyWindow(peer: string): { key: string; perSeconds: number } {
  return { key: `${peer}\nprobation`, perSeconds: 86_400 }
}

function neededFor(safety: Received['target']['safety'], labelled: boolean): Tier {
  if (safety !== 'READ') return 'trusted'
  return labelled ? 'trusted_reader' : 'probation'
}

function reaches(tier: Tier, needed: Tier): boolean {
  return tiers.indexOf(tier) >= tiers.indexOf(needed)
}

/**
 * The chain that a peer presents with its intent (security.md B5): read, held against what the intent names, verified,
 * and judged by what this kernel knows of everybody in it. It can only narrow what the rules of this kernel permit.
 */
import { type Clock, type Did, decodeChain, type Intent } from '@hansa/protocols'
import { type KeyResolver, readLink, type VerifiedChain, verifyChain, whyNotCovered } from '@hansa/trust'
import { argumentsOf } from '../kernel/continuation.ts'
import type { PeerSettings } from '../kernel/peer-settings.ts'
import type { CallDelegation, Received, Refusal } from '../kernel/stages.ts'
import { lesser, NOT_JUDGED, type PeerStanding, type Standing } from '../standing/standing.ts'
import type { Budgets } from './budgets.ts'
import { whyChargeUnknown } from './charge.ts'

/** Links from one organisation to another that a chain may have. */
export const MAX_CROSSINGS = 2
/** Standing that passing on takes (security.md B9). */
export const ONWARD_STANDING = 700

export type PresentedChainComponents = {
  self: Did
  clock: Clock
  resolver: KeyResolver
  peers: PeerSettings
  standing: Standing
  /** Whose grants count besides those of this kernel. */
  owners: readonly Did[]
  budgets: Budgets
  /** Whether one of `by` has taken the link back. @throws when that cannot be told */
  revoked(hash: string, by: readonly Did[]): boolean
  /** Whether this kernel has revoked a peer. @throws when that cannot be told */
  barred(did: Did): boolean
}

/** @returns undefined when the peer acts in its own name. */
export async function presentedChain(
  call: Received,
  intent: Intent,
  components: PresentedChainComponents,
): Promise<CallDelegation | Refusal | undefined> {
  const { self, owners, resolver, clock, revoked } = components
  const jwss = call.chain instanceof Uint8Array ? decodeChain(call.chain) : []
  if (jwss === undefined) return denied('the frame is not a chain')
  const reason = whyNotNamed(jwss, intent.prf)
  if (reason !== undefined) return denied(reason)
  if (jwss.length === 0) return undefined
  if (!components.peers.of(intent.iss).delegation)
    return denied('this kernel has not consented to chains of this peer (peers[].delegation)')
  const now = Math.floor(clock.now() / 1000)
  const accepted = new Set([self, ...owners])
  const verdict = await verifyChain(jwss, { invoker: intent.iss, owners: accepted, resolver, now, revoked })
  if (!verdict.ok) return denied(verdict.at === undefined ? verdict.reason : `link ${verdict.at}: ${verdict.reason}`)
  const { chain } = verdict
  const unfit =
    whyBarred(chain, components) ??
    whyTooFar(chain, components) ??
    whyNotPassedOn(chain, components) ??
    whyNotCovered(chain, call.target.id, argumentsOf(call, call.value)) ??
    whyChargeUnknown(call.target, chain.limits)
  if (unfit !== undefined) return denied(unfit)
  const spent = components.budgets.whySpent(chain.limits)
  if (spent !== undefined) return { refused: 'budget_exceeded', reason: `delegation: ${spent}` }
  return {
    jwss,
    hashes: chain.links.map(({ hash }) => hash),
    links: chain.links.map(({ link }) => link),
    standing: leastOf(chain, components),
  }
}

/** The frame is under no signature of its own: only what the signed intent names may be in it. */
function whyNotNamed(jwss: readonly string[], prf: readonly string[]): string | undefined {
  if (jwss.length === 0) return prf.length === 0 ? undefined : 'the intent names a chain that did not come with it'
  if (prf.length === 0) return 'a chain came that the intent does not name'
  const named = jwss.length === prf.length && jwss.every((jws, at) => readLink(jws)?.hash === prf[at])
  return named ? undefined : 'the chain is not the one that the intent names'
}

/** Whom this kernel has revoked gives nobody anything here, nor gets it through others. */
function whyBarred({ principals }: VerifiedChain, { barred }: PresentedChainComponents): string | undefined {
  const revoked = principals.find((did) => barred(did))
  return revoked === undefined ? undefined : `${revoked} was revoked`
}

/** Kernels of this kernel's own owner are one organisation with it; of others each is one of its own. */
function whyTooFar({ links }: VerifiedChain, { self, peers }: PresentedChainComponents): string | undefined {
  const organisation = (did: Did) => (did === self || peers.of(did).sameOwner ? self : did)
  const crossings = links.filter(({ link }) => organisation(link.iss) !== organisation(link.aud)).length
  return crossings > MAX_CROSSINGS ? `it passes from one organisation to another ${crossings} times` : undefined
}

function whyNotPassedOn({ links }: VerifiedChain, components: PresentedChainComponents): string | undefined {
  for (const [at, { link }] of links.entries()) {
    const { score } = at === 0 ? NOT_JUDGED : standingIn(link.iss, components)
    if (score < ONWARD_STANDING)
      return `link ${at}: passing on takes a standing of ${ONWARD_STANDING}, and its issuer has ${score}`
  }
  return undefined
}

function leastOf({ principals }: VerifiedChain, components: PresentedChainComponents): PeerStanding {
  return principals.map((did) => standingIn(did, components)).reduce((least, one) => lesser(least, one), NOT_JUDGED)
}

/** This kernel and those of its owner are not judged. */
function standingIn(did: Did, { self, peers, standing }: PresentedChainComponents): PeerStanding {
  return did === self || peers.of(did).sameOwner ? NOT_JUDGED : standing.of(did)
}

function denied(reason: string): Refusal {
  return { refused: 'policy_denied', reason: `delegation: ${reason}` }
}

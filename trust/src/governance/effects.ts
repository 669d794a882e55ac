/**
 * What each kind of sanction means, in one table. `admits` is asked where a call is authorised, for calls of the
 * sanctioned principal and for calls to a sanctioned kernel.
 */
import { type Safety, type Sanction, type SanctionKind, type SanctionTerms, sanctionKinds } from '@hansa/protocols'
import { liesWithin } from './sanction-scope.ts'

export type SanctionEffect = {
  /** Which calls are left, besides reading the case and appealing. */
  calls: 'all' | 'read_unlabelled' | 'none'
  /** Tokens that the principal holds are void, and sessions with the kernel end, when it begins. */
  cutsOff: boolean
  /** How many persons have to decide it. */
  persons: 1 | 2
}

export const sanctionEffects: Readonly<Record<SanctionKind, SanctionEffect>> = {
  warn: { calls: 'all', cutsOff: false, persons: 1 },
  quarantine: { calls: 'read_unlabelled', cutsOff: true, persons: 1 },
  suspend: { calls: 'none', cutsOff: true, persons: 1 },
  ban: { calls: 'none', cutsOff: true, persons: 2 },
}

/** What a principal with a case can always call: they are answered by the kernel itself. */
export const governanceCapabilities = ['governance.appeal', 'governance.case'] as const
export type GovernanceCapability = (typeof governanceCapabilities)[number]

export function isGovernanceCapability(id: string): id is GovernanceCapability {
  return (governanceCapabilities as readonly string[]).includes(id)
}

/** @param labelled whether the capability, or what is known of its arguments, carries a label */
export function admits(kind: SanctionKind, call: { id: string; safety: Safety; labelled: boolean }): boolean {
  if (isGovernanceCapability(call.id)) return true
  const { calls } = sanctionEffects[kind]
  if (calls === 'all') return true
  return calls === 'read_unlabelled' && call.safety === 'READ' && !call.labelled
}

/** Positive when `one` is the more severe kind. */
export function compareKinds(one: SanctionKind, other: SanctionKind): number {
  return sanctionKinds.indexOf(one) - sanctionKinds.indexOf(other)
}

/** Whether the second leaves the principal at least what the first leaves it, for no longer. */
export function isMilder(
  from: Pick<Sanction, 'kind' | 'until' | 'scope'>,
  to: Pick<Sanction, 'kind' | 'until' | 'scope'>,
) {
  const order = compareKinds(to.kind, from.kind)
  if (order > 0 || (to.kind !== 'warn' && !liesWithin(from.scope, to.scope))) return false
  const endsLater = to.kind !== 'warn' && from.until !== null && (to.until === null || to.until > from.until)
  return !endsLater && (order < 0 || to.until !== from.until || !liesWithin(to.scope, from.scope))
}

/** What it is about; a warning leaves everything. */
export function scopeOf(terms: SanctionTerms): Pick<Sanction, 'scope'> {
  return 'scope' in terms && terms.scope !== undefined ? { scope: terms.scope } : {}
}

/** Seconds from its beginning; null when it has no end. */
export function lengthOf(terms: SanctionTerms): number | null {
  return 'days' in terms && terms.days !== undefined ? terms.days * 86_400 : null
}

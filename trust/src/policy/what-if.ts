/**
 * Decides a call of which not every fact is known any more, such as its arguments, and never guesses: either every value
 * that the missing facts could have had leads to the same kind of answer, or it is said that it cannot be decided, and by
 * which rules. A condition on a fact that is missing may hold, not hold, or fail.
 */
import type { CompiledPolicy, CompiledRule } from './compile.ts'
import { decideAmong, evaluate, type PolicyDecision } from './evaluate.ts'
import type { PolicyFacts } from './facts.ts'
import { isPlainId } from './pattern.ts'

/**
 * `capability`: its safety class and labels. `peer_answer`: what the serving kernel decided when it was asked before.
 * `delegation`: the chain under which the call was made. `sponsor`: who vouched for the agent then. `agreement`: what was
 * agreed with the other kernel then.
 */
export const unknownFacts = [
  'args',
  'purpose',
  'capability',
  'peer_answer',
  'delegation',
  'sponsor',
  'agreement',
] as const
export type UnknownFact = (typeof unknownFacts)[number]

export type WhatIf =
  | { decided: true; decision: PolicyDecision }
  /** `rules` whose conditions cannot be told, and the facts that they look at. */
  | { decided: false; rules: string[]; needs: UnknownFact[] }

const variables = {
  args: 'args',
  purpose: 'purpose',
  capability: 'resource',
  peer_answer: 'remote',
  delegation: 'delegation',
  sponsor: 'sponsor',
  agreement: 'agreement',
} as const

/**
 * @param facts with anything in the place of what is unknown
 * @param nonePermits a call for which no rule speaks is permitted, as one of a kernel of the same owner is
 */
export function whatIf(
  policy: CompiledPolicy,
  facts: PolicyFacts,
  unknown: ReadonlySet<UnknownFact>,
  nonePermits = false,
): WhatIf {
  const { ids } = facts.subject
  const readable = ids.length > 0 && ids.every(isPlainId) && isPlainId(facts.resource.id)
  if (unknown.size === 0 || !readable) return { decided: true, decision: evaluate(policy, facts) }
  const candidates = policy.index.find(ids, facts.resource.id).filter(({ actions }) => actions.has(facts.action))
  const open = candidates.filter((rule) => needsOf(rule, unknown).length > 0)
  const decision = decideAmong(
    candidates.filter((rule) => !open.includes(rule)),
    facts,
  )
  const { effect } = decision
  // Nothing that another rule says takes back a deny, a condition that failed, or duties that contradict each other.
  const refused = effect === 'deny' || effect === 'error'
  const stays = effect === 'none' && !nonePermits && open.every((rule) => rule.effect === 'deny')
  if (open.length === 0 || refused || stays) return { decided: true, decision }
  const needs = new Set(open.flatMap((rule) => needsOf(rule, unknown)))
  return { decided: false, rules: open.map(({ id }) => id), needs: unknownFacts.filter((fact) => needs.has(fact)) }
}

function needsOf({ condition, effect, obligations }: CompiledRule, unknown: ReadonlySet<UnknownFact>): UnknownFact[] {
  return [...unknown].filter((fact) => {
    if (condition?.reads.has(variables[fact]) === true) return true
    return fact === 'purpose' && effect !== 'deny' && obligations.purposes !== undefined
  })
}

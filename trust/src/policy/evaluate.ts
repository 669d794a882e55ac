/**
 * Decides one call by the rules (security.md B6): a deny overrides everything, a condition that cannot be decided
 * denies, no rule denies, and a rule that requires approval overrides one that merely allows.
 *
 * Every candidate is evaluated, also after a deny was found, so that the answer names all rules that spoke and does not
 * depend on their order. Pure and synchronous. There is no time bound: work is bounded instead, by the size of a
 * condition and of what it may look at (see condition.ts), and by the number of rules.
 */
import type { CompiledPolicy, CompiledRule } from './compile.ts'
import { ConditionError } from './condition.ts'
import { type ConditionContext, contextOf, translateArgs } from './condition-context.ts'
import type { PolicyFacts } from './facts.ts'
import { admitsPurpose, combineObligations, isUnsatisfiable, noObligations, type Obligations } from './obligations.ts'
import { isPlainId } from './pattern.ts'

export type PolicyEffect = 'permit' | 'deny' | 'none' | 'error' | 'approval'

/** A window of calls that a rule grants; counted at invocation, per proven principal and capability. */
export type GrantedLimit = { rule: string; calls: number; perSeconds: number }

export type PolicyDecision = {
  /** Only `permit` permits. `approval`: a person has to approve exactly this action first. */
  effect: PolicyEffect
  /** Ids of the rules that brought it about, sorted. */
  rules: string[]
  /** Of all allowing rules together; none when nothing is permitted. */
  obligations: Obligations
  /** Every one of them holds. */
  limits: GrantedLimit[]
  /** One sentence for the log and for `explain`; names rules and ids, never a value of the arguments. */
  reason: string
}

/** @returns the decision. Never throws: what cannot be decided is `error`, which denies. */
export function evaluate(policy: CompiledPolicy, facts: PolicyFacts): PolicyDecision {
  const { ids } = facts.subject
  if (ids.length === 0 || !ids.every(isPlainId) || !isPlainId(facts.resource.id)) {
    return refusal('error', [], 'subject or resource is not a printable ASCII id')
  }
  return decideAmong(policy.index.find(ids, facts.resource.id), facts)
}

/** What these rules together say, whose patterns match. */
export function decideAmong(candidates: readonly CompiledRule[], facts: PolicyFacts): PolicyDecision {
  const { ids } = facts.subject
  const said = ask(candidates, facts)
  if (said.denying.length > 0) return refusal('deny', idsOf(said.denying), 'denied')
  if (said.failing.length > 0) {
    const why = said.failing.map(({ rule, reason }) => `${rule.id} (${reason})`)
    return refusal(
      'error',
      idsOf(said.failing.map(({ rule }) => rule)),
      `conditions could not be decided: ${why.join(', ')}`,
    )
  }
  if (said.allowing.length === 0) {
    return refusal('none', [], `no rule permits ${ids[0]} to ${facts.action} ${facts.resource.id}`)
  }
  return granted(said.allowing, facts)
}

/**
 * Whether the rules refuse whatever a peer may answer: then it need not be asked, and the arguments stay here.
 * @param facts without `remote`.
 */
export function deniesUnasked(policy: CompiledPolicy, facts: PolicyFacts): boolean {
  const { ids } = facts.subject
  if (ids.length === 0 || !ids.every(isPlainId) || !isPlainId(facts.resource.id)) return true
  const { denying, failing, allowing } = ask(policy.index.find(ids, facts.resource.id), facts)
  if (denying.some(speaksUnasked) || failing.some(({ rule }) => speaksUnasked(rule))) return true
  // More rules may join once the peer has spoken, and they only make obligations stricter.
  const obligations = allowing
    .filter(speaksUnasked)
    .reduce((before, rule) => combineObligations(before, rule.obligations), noObligations)
  return isUnsatisfiable(obligations) || !admitsPurpose(obligations, facts.purpose)
}

function speaksUnasked({ condition }: CompiledRule): boolean {
  return condition?.readsRemote !== true
}

type Said = {
  denying: CompiledRule[]
  allowing: CompiledRule[]
  failing: { rule: CompiledRule; reason: string }[]
}

function ask(candidates: readonly CompiledRule[], facts: PolicyFacts): Said {
  const said: Said = { denying: [], allowing: [], failing: [] }
  const context = lazyContext(facts)
  for (const rule of candidates) {
    if (!rule.actions.has(facts.action)) continue
    const answer = applies(rule, context)
    if (typeof answer === 'string') said.failing.push({ rule, reason: answer })
    else if (answer) (rule.effect === 'deny' ? said.denying : said.allowing).push(rule)
  }
  return said
}

/** @returns whether the rule applies, or why that cannot be said. */
function applies(rule: CompiledRule, context: ContextSource): boolean | string {
  if (rule.condition === undefined) return true
  try {
    return rule.condition.holds(rule.condition.readsArgs ? context.withArgs() : context.plain())
  } catch (error) {
    if (error instanceof ConditionError) return error.message
    return error instanceof RangeError ? error.message : 'failed'
  }
}

type ContextSource = { plain(): ConditionContext; withArgs(): ConditionContext }

/** Most calls meet no condition, and most conditions read no arguments: neither is prepared before it is needed. */
function lazyContext(facts: PolicyFacts): ContextSource {
  let context: ConditionContext | undefined
  const plain = () => {
    context ??= contextOf(facts)
    return context
  }
  const withArgs = () => {
    const full = plain()
    if (!Object.hasOwn(full, 'args')) full.args = translateArgs(facts.args)
    return full
  }
  return { plain, withArgs }
}

function granted(allowing: readonly CompiledRule[], facts: PolicyFacts): PolicyDecision {
  let obligations = noObligations
  const limits: GrantedLimit[] = []
  let approval = false
  for (const rule of allowing) {
    obligations = combineObligations(obligations, rule.obligations)
    if (rule.limit !== undefined) limits.push({ rule: rule.id, ...rule.limit })
    approval ||= rule.effect === 'require_approval'
  }
  const rules = idsOf(allowing)
  if (isUnsatisfiable(obligations)) return refusal('deny', rules, 'the obligations of the rules contradict each other')
  if (!admitsPurpose(obligations, facts.purpose)) {
    return refusal('deny', rules, 'the purpose of the call is not one that the rules allow')
  }
  if (!approval && !obligations.humanApproval) {
    return { effect: 'permit', rules, obligations, limits, reason: `permitted by ${rules.join(', ')}` }
  }
  const asking = { ...obligations, humanApproval: true }
  return {
    effect: 'approval',
    rules,
    obligations: asking,
    limits,
    reason: `approval is required by ${rules.join(', ')}`,
  }
}

function refusal(effect: PolicyEffect, rules: string[], reason: string): PolicyDecision {
  const by = effect === 'deny' ? `${reason} (${rules.join(', ')})` : reason
  return { effect, rules, obligations: noObligations, limits: [], reason: by }
}

function idsOf(rules: readonly CompiledRule[]): string[] {
  return rules.map((rule) => rule.id)
}

/**
 * Rules from files and programs, checked and made ready to be evaluated. All faults of all sources are found at once,
 * and a policy with one fault is no policy: leaving out a rule that cannot be read could leave out a deny.
 */
import { type Effect, type Hash, type Obligation, type Rule, ruleSchema } from '@hansa/protocols'
import { taggedHash } from '../encoding/hash.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import { type Condition, compileCondition } from './condition.ts'
import { type PolicyAction, policyActions } from './facts.ts'
import { formatObligations, isUnsatisfiable, type Obligations, parseObligations } from './obligations.ts'
import { patternFault } from './pattern.ts'
import { describe, type PolicyFault, type PolicySource, readSource, type UncheckedRule } from './policy-source.ts'
import { RuleIndex } from './rule-index.ts'

export type { PolicyFault, PolicySource }

/** A rule in the form that is evaluated and hashed: every list sorted, obligations canonical, no description. */
export type NormalRule = {
  readonly id: string
  readonly effect: Effect
  readonly subject: readonly string[]
  readonly action: readonly string[]
  readonly resource: readonly string[]
  readonly when?: string
  readonly obligations: readonly Obligation[]
  readonly limit?: { readonly calls: number; readonly per_seconds: number }
}

export type CompiledRule = {
  readonly order: number
  readonly id: string
  readonly effect: Effect
  readonly subjects: ReadonlySet<string>
  readonly resources: ReadonlySet<string>
  readonly actions: ReadonlySet<PolicyAction>
  readonly condition?: Condition
  readonly obligations: Obligations
  readonly limit?: { readonly calls: number; readonly perSeconds: number }
}

export type CompiledPolicy = {
  /** The highest version that a source states; 1 where none does. */
  readonly version: number
  /** SHA-256 of "hansa/policy/v1\n" and the canonical JSON of the normal rules: equal for equal policies. */
  readonly hash: Hash
  /** Sorted by id. */
  readonly rules: readonly NormalRule[]
  readonly index: RuleIndex<CompiledRule>
}

export type PolicyCompilation = { ok: true; policy: CompiledPolicy } | { ok: false; faults: PolicyFault[] }

/** @returns the policy of all sources together, or every fault of every source. Never throws. */
export function compilePolicy(sources: readonly PolicySource[]): PolicyCompilation {
  const faults: PolicyFault[] = []
  const checked: { normal: NormalRule; rule: Omit<CompiledRule, 'order'> }[] = []
  const seen = new Map<string, string>()
  let version = 1

  for (const source of sources) {
    const read = readSource(source)
    faults.push(...read.faults)
    version = Math.max(version, read.version)
    for (const unchecked of read.rules) {
      const result = checkRule(source.name, unchecked)
      faults.push(...result.faults)
      if (result.id === undefined) continue
      const first = seen.get(result.id)
      if (first !== undefined) {
        const where = first === source.name ? 'this source' : first
        faults.push(
          fault(source.name, unchecked, result.id, ['id'], `there is a rule of this name in ${where} already`),
        )
      }
      seen.set(result.id, source.name)
      if (result.rule !== undefined && result.normal !== undefined) {
        checked.push({ normal: result.normal, rule: result.rule })
      }
    }
  }
  if (faults.length > 0) return { ok: false, faults }

  checked.sort((a, b) => (a.normal.id < b.normal.id ? -1 : 1))
  const rules = checked.map(({ normal }) => normal)
  const index = new RuleIndex(checked.map(({ rule }, order): CompiledRule => ({ ...rule, order })))
  return { ok: true, policy: { version, hash: taggedHash('policy', canonicalJson(rules)), rules, index } }
}

type CheckedRule = { id?: string; normal?: NormalRule; rule?: Omit<CompiledRule, 'order'>; faults: PolicyFault[] }

function checkRule(source: string, unchecked: UncheckedRule): CheckedRule {
  const parsed = ruleSchema.safeParse(unchecked.value)
  if (!parsed.success) {
    const id = idOf(unchecked.value)
    const named = id === undefined ? {} : { rule: id }
    const faults = parsed.error.issues.map((issue) => ({ source, ...named, ...describe(issue, unchecked.lineOf) }))
    return { ...(id === undefined ? {} : { id }), faults }
  }
  const rule = parsed.data
  const condition = rule.when === undefined ? undefined : compileCondition(rule.when)
  const obligations = parseObligations(rule.obligations ?? [])
  const mistakes = [...patternMistakes(rule), ...denyMistakes(rule)]
  if (condition?.ok === false) mistakes.push(['when', `when: ${condition.reason}`])
  if (!obligations.ok) {
    mistakes.push(['obligations', `obligation "${obligations.unknown}" is not known`])
  } else if (isUnsatisfiable(obligations.obligations)) {
    mistakes.push(['obligations', 'its obligations contradict each other'])
  }
  const faults = mistakes.map(([member, reason]) => fault(source, unchecked, rule.id, [member], reason))
  if (faults.length > 0 || condition?.ok === false || !obligations.ok) return { id: rule.id, faults }
  return { id: rule.id, ...build(rule, condition?.condition, obligations.obligations), faults }
}

function build(
  rule: Rule,
  condition: Condition | undefined,
  obligations: Obligations,
): { normal: NormalRule; rule: Omit<CompiledRule, 'order'> } {
  const { id, effect, when, limit } = rule
  const subject = sorted(rule.subject)
  const action = sorted(rule.action)
  const resource = sorted(rule.resource)
  return {
    normal: {
      id,
      effect,
      subject,
      action,
      resource,
      ...(when === undefined ? {} : { when }),
      obligations: formatObligations(obligations),
      ...(limit === undefined ? {} : { limit }),
    },
    rule: {
      id,
      effect,
      subjects: new Set(subject),
      resources: new Set(resource),
      actions: new Set(action.includes('*') ? policyActions : policyActions.filter((name) => action.includes(name))),
      ...(condition === undefined ? {} : { condition }),
      obligations,
      ...(limit === undefined ? {} : { limit: { calls: limit.calls, perSeconds: limit.per_seconds } }),
    },
  }
}

/** What is wrong with a member of a rule. */
type Mistake = [member: string, reason: string]

function fault(
  source: string,
  unchecked: UncheckedRule,
  rule: string,
  path: readonly string[],
  reason: string,
): PolicyFault {
  const line = unchecked.lineOf(path)
  return { source, ...(line === undefined ? {} : { line }), rule, reason }
}

function patternMistakes(rule: Rule): Mistake[] {
  const of = (member: 'subject' | 'action' | 'resource', check: (text: string) => string | undefined) =>
    sorted(rule[member]).flatMap((text): Mistake[] => {
      const reason = check(text)
      return reason === undefined ? [] : [[member, reason]]
    })
  return [...of('subject', patternFault), ...of('action', actionFault), ...of('resource', patternFault)]
}

/** A misspelt action would silently match nothing, which is worst in a deny. */
function actionFault(text: string): string | undefined {
  if (text === '*' || (policyActions as readonly string[]).includes(text)) return undefined
  return `action "${text}" is none of ${policyActions.join(', ')}, *`
}

/** What a deny cannot have. Someone who wrote it meant something else than a deny. */
function denyMistakes(rule: Rule): Mistake[] {
  if (rule.effect !== 'deny') return []
  const mistakes: Mistake[] = []
  if (rule.obligations !== undefined) mistakes.push(['obligations', 'a deny has no obligations'])
  if (rule.limit !== undefined) mistakes.push(['limit', 'a deny has no limit'])
  return mistakes
}

function idOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined
  return typeof value.id === 'string' ? value.id : undefined
}

function sorted(patterns: string | readonly string[]): string[] {
  return typeof patterns === 'string' ? [patterns] : [...new Set(patterns)].sort()
}

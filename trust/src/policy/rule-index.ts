/**
 * Finds the rules that concern a call without looking at the others: first by the patterns that match the resource,
 * then by those that match the subject. A rule with very many pairs of the two would fill the index; such a rule is
 * kept aside and looked at for every call.
 */
import { patternKeys } from './pattern.ts'

/** What the index needs to know of a rule. `order` makes the result independent of where a rule was found. */
export type IndexedRule = {
  readonly order: number
  readonly subjects: ReadonlySet<string>
  readonly resources: ReadonlySet<string>
}

/** Pairs of subject and resource pattern that one rule may put into the index. */
const MAX_PAIRS = 256

/** A call looks at each of a few hundred pairs of keys at most; ids of ordinary length have about six each. */
export class RuleIndex<R extends IndexedRule> {
  readonly #byResource = new Map<string, Map<string, R[]>>()
  readonly #aside: R[] = []

  constructor(rules: readonly R[]) {
    for (const rule of rules) {
      if (rule.subjects.size * rule.resources.size > MAX_PAIRS) this.#aside.push(rule)
      else this.#place(rule)
    }
  }

  /** @returns the rules whose subject and resource patterns match, each once, in the order of the policy. */
  find(subjectIds: readonly string[], resourceId: string): R[] {
    const subjectKeys = subjectIds.length === 1 ? patternKeys(subjectIds[0] ?? '') : subjectIds.flatMap(patternKeys)
    const resourceKeys = patternKeys(resourceId)
    const found: R[] = []
    let lists = 0
    for (const resourceKey of resourceKeys) {
      const bySubject = this.#byResource.get(resourceKey)
      if (bySubject === undefined) continue
      for (const subjectKey of subjectKeys) {
        const rules = bySubject.get(subjectKey)
        if (rules === undefined) continue
        lists++
        for (const rule of rules) found.push(rule)
      }
    }
    for (const rule of this.#aside) {
      if (!hasAny(rule.resources, resourceKeys) || !hasAny(rule.subjects, subjectKeys)) continue
      lists++
      found.push(rule)
    }
    return lists < 2 ? found : inOrder(found)
  }

  #place(rule: R): void {
    for (const resource of rule.resources) {
      let bySubject = this.#byResource.get(resource)
      if (bySubject === undefined) {
        bySubject = new Map()
        this.#byResource.set(resource, bySubject)
      }
      for (const subject of rule.subjects) {
        const rules = bySubject.get(subject)
        if (rules === undefined) bySubject.set(subject, [rule])
        else rules.push(rule)
      }
    }
  }
}

function hasAny(set: ReadonlySet<string>, keys: readonly string[]): boolean {
  return keys.some((key) => set.has(key))
}

function inOrder<R extends IndexedRule>(rules: R[]): R[] {
  rules.sort((a, b) => a.order - b.order)
  return rules.filter((rule, at) => rule !== rules[at - 1])
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { patternKeys } from './pattern.ts'
import { type IndexedRule, RuleIndex } from './rule-index.ts'

const segment = fc.constantFrom('a', 'b', 'c')
const id = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'))
const pattern = fc.oneof(
  fc.constant('*'),
  id,
  id.map((prefix) => `${prefix}.*`),
)
const patterns = fc.uniqueArray(pattern, { minLength: 1, maxLength: 4 }).map((list) => new Set(list))

describe(RuleIndex, () => {
  it('finds exactly the rules that a look at every rule finds, each once, in their order', () => {
    const rules = fc.array(fc.record({ subjects: patterns, resources: patterns }), { maxLength: 20 })
    fc.assert(
      fc.property(rules, fc.array(id, { minLength: 1, maxLength: 3 }), id, (list, subjectIds, resourceId) => {
        const ordered: IndexedRule[] = list.map((rule, order) => ({ ...rule, order }))
        const subjectKeys = subjectIds.flatMap(patternKeys)
        const expected = ordered.filter(
          (rule) =>
            subjectKeys.some((key) => rule.subjects.has(key)) &&
            patternKeys(resourceId).some((key) => rule.resources.has(key)),
        )
        expect(new RuleIndex(ordered).find(subjectIds, resourceId)).toEqual(expected)
      }),
    )
  })

  it('finds a rule with more pairs of patterns than it places', () => {
    const many = new Set(Array.from({ length: 64 }, (_, at) => `s${at}.*`))
    const aside = { order: 1, subjects: many, resources: many }
    const placed = { order: 0, subjects: new Set(['*']), resources: new Set(['s63.x']) }
    const index = new RuleIndex([placed, aside])
    expect(index.find(['s1.x'], 's63.x')).toEqual([placed, aside])
    expect(index.find(['t.x'], 's63.x')).toEqual([placed])
  })
})

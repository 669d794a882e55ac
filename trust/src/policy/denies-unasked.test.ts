import type { Rule } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from './compile.ts'
import { deniesUnasked, evaluate } from './evaluate.ts'
import type { PolicyFacts } from './facts.ts'

const facts: PolicyFacts = {
  subject: { ids: ['agent:a'], did: '', kind: 'agent', standing: 1000 },
  action: 'invoke',
  resource: { id: 'bob/echo', safety: 'READ', sensitivity: [], peer: 'bob' },
  args: {},
  now: 1_750_000_000,
}

function policy(rules: Partial<Rule>[]) {
  const full = rules.map(
    (rule, at): Rule => ({ id: `r${at}`, effect: 'allow', subject: '*', action: 'invoke', resource: '*', ...rule }),
  )
  const compiled = compilePolicy([{ name: 'test', rules: full }])
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults))
  return compiled.policy
}

const denies = (rules: Partial<Rule>[]) => deniesUnasked(policy(rules), facts)

describe(deniesUnasked, () => {
  it.each<[string, Partial<Rule>[], boolean]>([
    ['no rule', [], false],
    ['an allow', [{}], false],
    ['a request for approval', [{ effect: 'require_approval' }], false],
    ['a deny', [{ effect: 'deny' }], true],
    ['a deny for something else', [{ effect: 'deny', resource: 'carol/*' }], false],
    ['a deny whose condition does not hold', [{ effect: 'deny', when: 'purpose == "x"' }], false],
    ['a deny that looks at the answer', [{ effect: 'deny', when: 'remote.effect != "permit"' }], false],
    ['a condition that fails', [{ when: 'args.missing == 1' }], true],
    ['one that fails and looks at the answer', [{ when: 'args.missing == 1 && remote.effect == "permit"' }], false],
    [
      'obligations that contradict each other',
      [{ obligations: ['allowed_fields:a'] }, { obligations: ['allowed_fields:b'] }],
      true,
    ],
    ['a purpose that is missing', [{ obligations: ['purpose:billing'] }], true],
  ])('for %s is %3$s', (_what, rules, expected) => {
    expect(denies(rules)).toBe(expected)
  })

  it('only ever says so where every answer ends in a refusal', () => {
    const rule = fc.record(
      {
        effect: fc.constantFrom('allow', 'deny', 'require_approval' as const),
        when: fc.constantFrom(
          'true',
          'purpose == ""',
          'args.missing == 1',
          'remote.effect == "permit"',
          'remote.effect == ""',
          'size(remote.obligations) > 0',
          'remote.effect == "permit" || args.missing == 1',
        ),
        obligations: fc.constantFrom([], ['allowed_fields:a'], ['allowed_fields:b'], ['purpose:x']),
      },
      { requiredKeys: ['effect'] },
    )
    const answer = fc.record({
      effect: fc.constantFrom('permit', 'deny', 'none'),
      obligations: fc.constantFrom([], ['log'], ['redact:PII', 'max_rows:1']),
    })
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), answer, (drawn, remote) => {
        const rules = drawn.map(({ obligations, ...one }) =>
          one.effect === 'deny' ? one : { ...one, ...(obligations && { obligations }) },
        )
        const compiled = policy(rules as Partial<Rule>[])
        if (deniesUnasked(compiled, facts)) {
          expect(['deny', 'error']).toContain(evaluate(compiled, { ...facts, remote }).effect)
        }
      }),
      { numRuns: 500 },
    )
  })
})

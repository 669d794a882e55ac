import type { Rule } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from './compile.ts'
import { evaluate } from './evaluate.ts'
import type { PolicyFacts } from './facts.ts'
import { type UnknownFact, whatIf } from './what-if.ts'

const facts: PolicyFacts = {
  subject: { ids: ['agent:a'], did: '', kind: 'agent', standing: 1000 },
  action: 'invoke',
  resource: { id: 'files.read', safety: 'READ', sensitivity: [] },
  args: undefined,
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

const without = (rules: Partial<Rule>[], ...unknown: UnknownFact[]) => {
  const answer = whatIf(policy(rules), facts, new Set(unknown))
  return answer.decided ? answer.decision.effect : `${answer.needs.join()} of ${answer.rules.join()}`
}

const readsArgs = 'args.path.startsWith("public/")'

describe('a policy that is asked without the arguments', () => {
  it.each<[string, Partial<Rule>[], string]>([
    ['whose rules look at none is as sure as ever', [{}], 'permit'],
    ['without a rule that matches refuses', [{ resource: 'other', when: readsArgs }], 'none'],
    ['that allows by them cannot tell', [{ when: readsArgs }], 'args of r0'],
    ['that denies by them, and allows otherwise, cannot tell', [{}, { effect: 'deny', when: readsArgs }], 'args of r1'],
    ['that denies anyway refuses', [{ effect: 'deny' }, { when: readsArgs }], 'deny'],
    ['that only denies, by them or not, refuses', [{ effect: 'deny', when: readsArgs }], 'none'],
    [
      'that allows anyway, and by them too, cannot tell: the condition may fail',
      [{}, { when: readsArgs }],
      'args of r1',
    ],
    [
      'in which a condition on something else fails refuses',
      [{ when: 'int(subject.id) > 1' }, { when: readsArgs }],
      'error',
    ],
    [
      'whose duties contradict each other refuses',
      [{ obligations: ['allowed_fields:a'] }, { obligations: ['allowed_fields:b'] }, { when: readsArgs }],
      'deny',
    ],
  ])('%s', (_what, rules, answer) => {
    expect(without(rules, 'args')).toBe(answer)
  })

  it('permits nothing that a deny could forbid where no rule is needed', () => {
    const rules = [{ effect: 'deny', when: readsArgs } as const]
    expect(whatIf(policy(rules), facts, new Set(['args']), true)).toEqual({
      decided: false,
      rules: ['r0'],
      needs: ['args'],
    })
  })
})

it.each<[UnknownFact, Partial<Rule>]>([
  ['purpose', { when: 'purpose == "billing"' }],
  ['purpose', { obligations: ['purpose:billing'] }],
  ['capability', { when: 'resource.safety == "READ"' }],
  ['peer_answer', { when: 'remote.effect == "permit"' }],
])('knows that it does not know %s', (fact, rule) => {
  expect(without([rule], fact)).toBe(`${fact} of r0`)
  expect(without([{}], fact)).toBe('permit')
})

it('never says what another value of the missing facts would refute', () => {
  const conditions = [
    'true',
    'false',
    'args.n == 1',
    'args.n > 1',
    'has(args.n)',
    'purpose == "a"',
    'resource.safety == "READ"',
    'args.n == 1 || purpose == "a"',
    'resource.safety == "READ" && args.n == 1',
  ]
  const rule = fc.record({
    effect: fc.constantFrom('allow', 'deny', 'require_approval' as const),
    when: fc.option(fc.constantFrom(...conditions), { nil: undefined }),
    obligations: fc.constantFrom([], ['allowed_fields:a'], ['allowed_fields:b'], ['purpose:a'], ['human_approval']),
  })
  const truth = fc.record({
    args: fc.constantFrom({}, { n: 1 }, { n: 2 }, { n: 'x' }),
    purpose: fc.constantFrom(undefined, 'a', 'b'),
    safety: fc.constantFrom('READ', 'WRITE' as const),
  })
  const hidden = fc.subarray<UnknownFact>(['args', 'purpose', 'capability'])
  const kind = (effect: string) => (effect === 'deny' || effect === 'none' || effect === 'error' ? 'refused' : effect)
  let decided = 0
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), truth, hidden, (drawn, { args, purpose, safety }, unknown) => {
      const rules = drawn.map(({ obligations, when, ...one }) => ({
        ...one,
        ...(when === undefined ? {} : { when }),
        ...(one.effect === 'deny' ? {} : { obligations: [...obligations] }),
      }))
      const compiled = policy(rules)
      const true_ = {
        ...facts,
        args,
        resource: { ...facts.resource, safety },
        ...(purpose === undefined ? {} : { purpose }),
      }
      const known: PolicyFacts = {
        ...facts,
        args: unknown.includes('args') ? undefined : args,
        resource: unknown.includes('capability') ? facts.resource : true_.resource,
        ...(purpose === undefined || unknown.includes('purpose') ? {} : { purpose }),
      }
      const answer = whatIf(compiled, known, new Set(unknown))
      if (!answer.decided) return
      decided += 1
      expect(kind(answer.decision.effect)).toBe(kind(evaluate(compiled, true_).effect))
    }),
    { numRuns: 3_000 },
  )
  expect(decided).toBeGreaterThan(1_000)
})

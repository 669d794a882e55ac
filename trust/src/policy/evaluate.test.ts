import type { Rule } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from './compile.ts'
import { evaluate, type PolicyDecision } from './evaluate.ts'
import type { PolicyFacts } from './facts.ts'
import { formatObligations } from './obligations.ts'

const rule = (id: string, over: Partial<Rule> = {}): Rule => ({
  id,
  effect: 'allow',
  subject: 'agent:*',
  action: 'invoke',
  resource: 'files.*',
  ...over,
})

const facts = (over: Partial<PolicyFacts> = {}): PolicyFacts => ({
  subject: { ids: ['agent:billing'], did: 'did:key:z6Mk', kind: 'agent', standing: 500 },
  action: 'invoke',
  resource: { id: 'files.read', safety: 'READ', sensitivity: [] },
  args: { path: '/pub/a.txt', n: 3 },
  now: 1_795_189_029,
  ...over,
})

function decide(rules: readonly Rule[], over: Partial<PolicyFacts> = {}): PolicyDecision {
  const compiled = compilePolicy([{ name: 'test', rules }])
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults))
  return evaluate(compiled.policy, facts(over))
}

describe(evaluate, () => {
  it('denies with an empty policy, for want of a rule', () => {
    expect(decide([])).toMatchObject({
      effect: 'none',
      rules: [],
      reason: 'no rule permits agent:billing to invoke files.read',
    })
  })

  it.each<[string, Rule[], PolicyDecision['effect'], string[]]>([
    ['permits by an allow', [rule('a')], 'permit', ['a']],
    ['names every rule that allows', [rule('b'), rule('a')], 'permit', ['a', 'b']],
    ['lets a deny override', [rule('a'), rule('d', { effect: 'deny', subject: '*' })], 'deny', ['d']],
    [
      'lets a deny override approval',
      [rule('a', { effect: 'require_approval' }), rule('d', { effect: 'deny' })],
      'deny',
      ['d'],
    ],
    [
      'lets approval override a plain allow',
      [rule('a'), rule('b', { effect: 'require_approval' })],
      'approval',
      ['a', 'b'],
    ],
    ['takes approval alone for an allow', [rule('b', { effect: 'require_approval' })], 'approval', ['b']],
    ['asks for approval when an obligation does', [rule('a', { obligations: ['human_approval'] })], 'approval', ['a']],
    ['finds no rule for another subject', [rule('a', { subject: 'person:*' })], 'none', []],
    ['finds no rule for another action', [rule('a', { action: 'grant' })], 'none', []],
    ['finds no rule for another resource', [rule('a', { resource: 'filesystem.*' })], 'none', []],
    ['finds no rule when its condition is false', [rule('a', { when: 'args.n > 5' })], 'none', []],
    [
      'does not deny when the condition of the deny is false',
      [rule('a'), rule('d', { effect: 'deny', when: 'args.n > 5' })],
      'permit',
      ['a'],
    ],
    [
      'denies when the condition of an allow fails',
      [rule('a'), rule('b', { when: 'args.missing == 1' })],
      'error',
      ['b'],
    ],
    [
      'denies when the condition of a deny fails',
      [rule('a'), rule('d', { effect: 'deny', when: 'args.missing == 1' })],
      'error',
      ['d'],
    ],
    [
      'is not concerned by a failing condition of a rule that does not match',
      [rule('a'), rule('b', { resource: 'mail.*', when: 'args.missing == 1' })],
      'permit',
      ['a'],
    ],
    [
      'prefers a deny that is sure to an error',
      [rule('b', { when: 'args.missing == 1' }), rule('d', { effect: 'deny' })],
      'deny',
      ['d'],
    ],
  ])('%s', (_what, rules, effect, ids) => {
    expect(decide(rules)).toMatchObject({ effect, rules: ids })
  })

  it('does not quote arguments in its reason', () => {
    const decision = decide([rule('a', { when: 'int(args.path) == 1' })])
    expect(decision).toMatchObject({ effect: 'error' })
    expect(decision.reason).toContain('a (int_conversion_error)')
    expect(decision.reason).not.toContain('/pub')
  })

  it('combines the obligations of all rules that allow to the stricter', () => {
    const decision = decide([
      rule('a', { obligations: ['max_rows:50', 'redact:PII'] }),
      rule('b', { effect: 'require_approval', obligations: ['max_rows:5', 'log'] }),
      rule('c', { obligations: ['max_rows:1'], when: 'args.n > 5' }),
    ])
    expect(formatObligations(decision.obligations)).toEqual(['log', 'human_approval', 'redact:PII', 'max_rows:5'])
  })

  it('denies when the obligations of two rules leave nothing', () => {
    const rules = [rule('a', { obligations: ['allowed_fields:x'] }), rule('b', { obligations: ['allowed_fields:y'] })]
    expect(decide(rules)).toMatchObject({ effect: 'deny', rules: ['a', 'b'] })
  })

  it('denies a purpose that the rules do not name, and no purpose', () => {
    const rules = [rule('a', { obligations: ['purpose:support'] })]
    expect(decide(rules, { purpose: 'support' }).effect).toBe('permit')
    expect(decide(rules, { purpose: 'marketing' }).effect).toBe('deny')
    expect(decide(rules).effect).toBe('deny')
  })

  it('hands on every limit, and none when it refuses', () => {
    const limited = [
      rule('a', { limit: { calls: 5, per_seconds: 60 } }),
      rule('b', { limit: { calls: 9, per_seconds: 10 } }),
    ]
    expect(decide(limited).limits).toEqual([
      { rule: 'a', calls: 5, perSeconds: 60 },
      { rule: 'b', calls: 9, perSeconds: 10 },
    ])
    expect(decide([...limited, rule('d', { effect: 'deny' })]).limits).toEqual([])
  })

  it('knows a subject by each of its names', () => {
    const subject = { ids: ['did:key:z6MkB', 'peer:orgb'], did: 'did:key:z6MkB', kind: 'kernel' as const, standing: 0 }
    expect(decide([rule('a', { subject: 'peer:orgb' })], { subject }).effect).toBe('permit')
    expect(decide([rule('a', { subject: 'did:key:*' })], { subject }).effect).toBe('permit')
    expect(
      decide([rule('a', { subject: '*' }), rule('d', { effect: 'deny', subject: 'peer:*' })], { subject }).effect,
    ).toBe('deny')
  })

  it('sees what the remote decided, with its obligations', () => {
    const rules = [rule('a', { when: 'remote.effect == "permit" && "redact:PII" in remote.obligations' })]
    expect(decide(rules, { remote: { effect: 'permit', obligations: ['redact:PII'] } }).effect).toBe('permit')
    expect(decide(rules, { remote: { effect: 'permit', obligations: [] } }).effect).toBe('none')
    expect(decide(rules).effect).toBe('none')
  })

  it.each<[string, Partial<PolicyFacts>]>([
    ['a subject with a wildcard', { subject: { ...facts().subject, ids: ['agent:*'] } }],
    ['a subject outside ASCII', { subject: { ...facts().subject, ids: ['agent:b\u00edlling'] } }],
    ['a subject without a name', { subject: { ...facts().subject, ids: [] } }],
    ['a resource with a wildcard', { resource: { ...facts().resource, id: '*' } }],
    ['a standing that is no integer', { subject: { ...facts().subject, standing: 1.5 } }],
  ])('denies mallory who comes as %s', (_who, over) => {
    const rules = [rule('a', { subject: '*', action: '*', resource: '*', when: 'subject.standing >= 0' })]
    expect(decide(rules, over).effect).toBe('error')
  })

  it('denies arguments that are too many to look at, when a condition looks', () => {
    const args = { list: Array.from({ length: 20_000 }, () => 1) }
    expect(decide([rule('a', { when: 'size(args.list) > 0' })], { args }).effect).toBe('error')
    expect(decide([rule('a', { when: 'subject.standing > 0' })], { args }).effect).toBe('permit')
  })
})

describe('a set of rules', () => {
  const conditions = fc.constantFrom('args.n == 3', 'args.n == 4', 'args.missing == 1', 'subject.standing > 400')
  const patterns = {
    subject: fc.constantFrom('*', 'agent:*', 'agent:billing', 'person:*'),
    action: fc.constantFrom('*', 'invoke', 'grant'),
    resource: fc.constantFrom('*', 'files.*', 'files.read', 'mail.*'),
  }
  const effect = fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const, 'require_approval' as const)
  const obligations = fc.uniqueArray(fc.constantFrom('log', 'redact:PII', 'max_rows:5', 'max_rows:9'), { maxLength: 2 })
  const anyRule = fc.record({ effect, ...patterns, when: fc.option(conditions, { nil: undefined }), obligations }).map(
    ({ when, obligations: list, ...rest }): Omit<Rule, 'id'> => ({
      ...rest,
      ...(when === undefined ? {} : { when }),
      ...(rest.effect === 'deny' ? {} : { obligations: list }),
    }),
  )
  const named = (rules: readonly Omit<Rule, 'id'>[], prefix = 'r'): Rule[] =>
    rules.map((it, at) => ({ ...it, id: `${prefix}${at}` }))
  const ruleSet = fc.array(anyRule, { maxLength: 6 })
  const outcome = ({ effect: said, obligations: o }: PolicyDecision) => ({ said, o })

  it('decides the same in every order and with every rule twice', () => {
    fc.assert(
      fc.property(ruleSet, fc.infiniteStream(fc.nat()), (rules, shuffle) => {
        const plain = outcome(decide(named(rules)))
        const shuffled = rules.map((it) => ({ it, at: shuffle.next().value ?? 0 })).sort((a, b) => a.at - b.at)
        expect(outcome(decide(named(shuffled.map(({ it }) => it))))).toEqual(plain)
        expect(outcome(decide([...named(rules), ...named(rules, 'again')]))).toEqual(plain)
      }),
    )
  })

  it('never permits after a deny was added what it refused before, nor gives more', () => {
    fc.assert(
      fc.property(ruleSet, anyRule, (rules, added) => {
        const before = decide(named(rules))
        const deny: Rule = { ...added, effect: 'deny', id: 'deny' }
        delete deny.obligations
        const after = decide([...named(rules), deny])
        if (after.effect === 'permit' || after.effect === 'approval') expect(outcome(after)).toEqual(outcome(before))
      }),
    )
  })

  it('never permits after an allow was removed what it refused before, unless that allow was what failed', () => {
    const sound = anyRule.filter(({ when }) => when !== 'args.missing == 1')
    fc.assert(
      fc.property(fc.array(sound, { maxLength: 6 }), sound, (rules, removed) => {
        const allow: Rule = { ...removed, effect: 'allow', id: 'allow' }
        const before = decide([...named(rules), allow])
        const after = decide(named(rules))
        if (before.effect !== 'permit') expect(after.effect).not.toBe('permit')
        if (before.effect === 'deny' || before.effect === 'none') expect(after.effect).toBe(before.effect)
      }),
    )
  })

  it('agrees with deny overrides and default deny, computed rule by rule', () => {
    const meets: Record<string, boolean | 'error'> = {
      'args.n == 3': true,
      'args.n == 4': false,
      'args.missing == 1': 'error',
      'subject.standing > 400': true,
    }
    const covers = ({ subject, action, resource }: Omit<Rule, 'id'>) =>
      subject !== 'person:*' && action !== 'grant' && resource !== 'mail.*'
    fc.assert(
      fc.property(ruleSet, (rules) => {
        const matching = rules
          .filter(covers)
          .map((it) => ({ ...it, holds: it.when === undefined || (meets[it.when] ?? false) }))
        const applying = matching.filter(({ holds }) => holds === true)
        const expected = applying.some((it) => it.effect === 'deny')
          ? 'deny'
          : matching.some(({ holds }) => holds === 'error')
            ? 'error'
            : applying.some((it) => it.effect === 'require_approval')
              ? 'approval'
              : applying.length > 0
                ? 'permit'
                : 'none'
        expect(decide(named(rules)).effect).toBe(expected)
      }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { compileCondition } from './condition.ts'
import { contextOf, MAX_ARGS_VALUES, translateArgs } from './condition-context.ts'
import type { PolicyFacts } from './facts.ts'

const facts: PolicyFacts = {
  subject: { ids: ['agent:billing', 'peer:orga'], did: 'did:key:z6Mk', kind: 'agent', standing: 640 },
  action: 'invoke',
  resource: { id: 'orgb/files.read', safety: 'READ', sensitivity: ['PII'], peer: 'orgb' },
  args: {},
  purpose: 'support',
  remote: { effect: 'permit', obligations: ['log'] },
  now: 1_795_189_029,
}

function ask(source: string, args: unknown = {}, over: Partial<PolicyFacts> = {}): boolean | string {
  const compiled = compileCondition(source)
  if (!compiled.ok) throw new Error(compiled.reason)
  try {
    return compiled.condition.holds({ ...contextOf({ ...facts, ...over }), args: translateArgs(args) })
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'thrown'
  }
}

function refusal(source: string): string {
  const compiled = compileCondition(source)
  return compiled.ok ? 'accepted' : compiled.reason
}

describe('conditions', () => {
  it.each([
    ['subject.standing >= 500', true],
    ['subject.id == "agent:billing"', true],
    ['"peer:orga" in subject.ids', true],
    ['subject.kind == "agent" && subject.did.startsWith("did:key:")', true],
    ['action == "invoke"', true],
    ['resource.safety == "READ" && resource.peer == "orgb"', true],
    ['"PII" in resource.sensitivity', true],
    ['"PCI" in resource.sensitivity', false],
    ['purpose in ["support", "billing"]', true],
    ['remote.effect == "permit" && "log" in remote.obligations', true],
    ['now < timestamp("2030-01-01T00:00:00Z") && now.getFullYear() == 2026', true],
    ['["/pub/", "/docs/"].exists(p, resource.id.startsWith(p))', false],
    ['["a", "b"].all(p, size(p) == 1)', true],
  ])('%s is %s', (source, expected) => {
    expect(ask(source)).toBe(expected)
  })

  it.each([
    ['args.n <= 50', { n: 50 }, true],
    ['args.n <= 50', { n: 50.5 }, false],
    ['args.n == 5', { n: 5.0 }, true],
    ['args.n + 1 == 6', { n: 5 }, true],
    ['args.path.startsWith("/pub/") && !args.path.contains("..")', { path: '/pub/../etc' }, false],
    ['args.to == null', { to: null }, true],
    ['"x" in args.list', { list: ['y', 'x'] }, true],
    ['size(args.list) <= 2', { list: [1, 2, 3] }, false],
    ['args.deep.er["x-y"] == "z"', { deep: { er: { 'x-y': 'z' } } }, true],
    ['args.flag', { flag: true }, true],
    ['has(args.a) && args.a == 1', {}, false],
    ['has(args.constructor)', {}, false],
    ['has(args.constructor)', { constructor: 1 }, true],
    ['args.toString == "mine"', { toString: 'mine' }, true],
    ['args.n == 9007199254740993.0', { n: 9007199254740992 }, true],
  ])('%s of %j is %s', (source, args, expected) => {
    expect(ask(source, args)).toBe(expected)
  })

  it.each([
    ['args.missing == 1', {}, 'no_such_key'],
    ['args.missing != 1', {}, 'no_such_key'],
    ['!(args.missing == 1)', {}, 'no_such_key'],
    ['args.toString == "x"', {}, 'no_such_key'],
    ['args.__proto__ == null', {}, 'no_such_key'],
    ['args.n > 1', { n: 'two' }, 'no_such_overload'],
    ['args.flag', { flag: 'yes' }, 'not_boolean'],
    ['args.n / 0 == 1', { n: 1 }, 'division_by_zero'],
    ['args.x == 1', [], 'variable_type_mismatch'],
    ['args.x == 1', 'text', 'variable_type_mismatch'],
    ['int(args.n) == 1', { n: 'secret-value' }, 'int_conversion_error'],
  ])('%s of %j cannot be decided, and only the kind of error is told', (source, args, code) => {
    expect(ask(source, args)).toBe(`ConditionError: ${code}`)
  })

  it('lets true win over an error, as CEL does, whatever the order', () => {
    expect(ask('args.missing == 1 || true')).toBe(true)
    expect(ask('true || args.missing == 1')).toBe(true)
    expect(ask('args.missing == 1 && false')).toBe(false)
    expect(ask('args.missing == 1 || false')).toBe('ConditionError: no_such_key')
  })

  it('sees an absent fact as empty, so that asking for it is no error', () => {
    const bare: PolicyFacts = { ...facts, resource: { id: 'files.read', safety: 'READ', sensitivity: [] } }
    delete bare.purpose
    delete bare.remote
    const compiled = compileCondition(
      'purpose == "" && remote.effect == "" && resource.peer == "" && size(remote.obligations) == 0',
    )
    expect(compiled.ok && compiled.condition.holds(contextOf(bare))).toBe(true)
  })

  it.each([
    ['subject.standin >= 500', /No such key: standin/],
    ['subjects.id == "x"', /Unknown variable: subjects/],
    ['subject.standing == "high"', /no such overload/],
    ['subject.standing', /of type int, not bool/],
    ['"yes"', /of type string, not bool/],
    ['args', /not bool/],
    ['subject.id ==', /./],
    ['', /./],
    ['args.path.matches("^(a+)+$")', /matches\(\) is not available/],
    ['args.list.exists(x, x == 1)', /written out in the condition/],
    ['args.list.all(x, x == 1)', /written out in the condition/],
    ['args.list.map(x, x) == []', /map\(\) with 2 arguments is not available/],
    ['args.list.filter(x, x == 1) == []', /filter\(\) with 2 arguments is not available/],
    ['[1, 2].exists(x, [1, 2].exists(y, x == y))', /inside another quantifier/],
    ['[1].exists(x, has(args.a) && [1].all(y, y == x))', /inside another quantifier/],
    ['cel.bind(x, args.l + args.l, size(x) > 1)', /bind\(\) with 3 arguments is not available/],
    ['args.a.contains(args.b)', /takes a literal/],
    ['args.a.split("") == []', /split\(\) with 1 arguments is not available/],
    ['bytes(args.a).json().x == 1', /is not available/],
    ['now.getHours("Europe/Berlin") == 1', /getHours\(\) with 1 arguments is not available/],
    ['dyn(1) == "x"', /dyn\(\) is not available/],
    [`args.a in [${Array.from({ length: 65 }, (_, at) => at).join()}]`, /./],
    [Array.from({ length: 100 }, () => 'args.a == 1').join(' || '), /./],
    [`${'('.repeat(40)}true${')'.repeat(40)}`, /./],
  ])('refuses %s at load', (source, reason) => {
    expect(refusal(source)).toMatch(reason)
    expect(refusal(source)).not.toBe('accepted')
  })

  it('knows which conditions read the arguments', () => {
    const reads = (source: string) => {
      const compiled = compileCondition(source)
      return compiled.ok && compiled.condition.readsArgs
    }
    expect(reads('subject.standing > 1')).toBe(false)
    expect(reads('subject.standing > 1 || ["a"].exists(x, has(args.deep) && args.deep.x == x)')).toBe(true)
  })
})

describe(translateArgs, () => {
  it('makes integers integers and objects maps', () => {
    expect(translateArgs({ a: 1, b: 1.5, c: [2, null, 'x'], d: { e: true } })).toEqual(
      new Map<string, unknown>([
        ['a', 1n],
        ['b', 1.5],
        ['c', [2n, null, 'x']],
        ['d', new Map([['e', true]])],
      ]),
    )
  })

  it('stops at its bound instead of doing whatever work the caller asks for', () => {
    const values = (count: number) => Array.from({ length: count }, () => 0)
    expect(() => translateArgs(values(MAX_ARGS_VALUES - 1))).not.toThrow()
    expect(() => translateArgs(values(MAX_ARGS_VALUES))).toThrow(RangeError)
  })
})

import type { Rule } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { type CompiledPolicy, compilePolicy, type PolicyFault } from './compile.ts'
import type { PolicySource } from './policy-source.ts'

const rule = (over: Partial<Rule> = {}): Rule => ({
  id: 'r1',
  effect: 'allow',
  subject: 'agent:*',
  action: 'invoke',
  resource: 'files.*',
  ...over,
})

function compiled(...sources: PolicySource[]): CompiledPolicy {
  const result = compilePolicy(sources)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.policy
}

function faults(...sources: PolicySource[]): PolicyFault[] {
  const result = compilePolicy(sources)
  return result.ok ? [] : result.faults
}

const rules = (...list: unknown[]): PolicySource => ({ name: 'api', rules: list as Rule[] })
const text = (content: string): PolicySource => ({ name: 'p.yaml', text: content })

describe(compilePolicy, () => {
  it('reads YAML', () => {
    const policy = compiled(
      text(`
version: 7
rules:
  - id: readers
    effect: allow
    subject: [agent:billing, person:*]
    action: invoke
    resource: orgb/files.*
    when: args.path.startsWith("/pub/")
    obligations: [max_rows:50, log]
    limit: { calls: 10, per_seconds: 60 }
  - { id: no-delete, effect: deny, subject: "*", action: "*", resource: files.delete, description: Never. }
`),
    )
    expect(policy.version).toBe(7)
    expect(policy.rules).toEqual([
      { id: 'no-delete', effect: 'deny', subject: ['*'], action: ['*'], resource: ['files.delete'], obligations: [] },
      {
        id: 'readers',
        effect: 'allow',
        subject: ['agent:billing', 'person:*'],
        action: ['invoke'],
        resource: ['orgb/files.*'],
        when: 'args.path.startsWith("/pub/")',
        obligations: ['log', 'max_rows:50'],
        limit: { calls: 10, per_seconds: 60 },
      },
    ])
  })

  it('names every fault of every source, with its line', () => {
    const found = faults(
      text(`rules:
  - id: one
    effect: alow
    subject: agent:a*
    action: invoke
    resource: files.read
  - id: two
    effect: allow
    subject: agent:*
    action: invok
    resource:
      - files.read
      - "*.x"
    when: subject.standin > 5
    obligations: [encrypt]
  - id: two
    effect: deny
    subject: "*"
    action: "*"
    resource: "*"
    limit: { calls: 1, per_seconds: 1 }
    color: red
`),
      { name: 'q.yaml', text: 'rules: [' },
      rules(rule({ id: 'one' }), { id: 'three' }),
    )
    const lines = found.map(({ source, line, rule: id }) => [source, line, id])
    expect(lines).toEqual(
      expect.arrayContaining([
        ['p.yaml', 3, 'one'],
        ['p.yaml', 10, 'two'],
        ['p.yaml', 11, 'two'],
        ['p.yaml', 14, 'two'],
        ['p.yaml', 15, 'two'],
        ['p.yaml', 22, 'two'],
        ['q.yaml', 1, undefined],
        ['api', undefined, 'one'],
        ['api', undefined, 'three'],
      ]),
    )
    expect(found.map(({ reason }) => reason).join('\n')).toMatch(/encrypt(.|\n)*invok|invok(.|\n)*encrypt/)
  })

  it.each([
    ['an empty file', '', /is empty/],
    ['a file without rules', 'version: 1', /rules/],
    ['a list instead of a file', '- id: x', /./],
    ['an unknown member of the file', 'rules: []\nrule: []', /rule/],
    ['a version that is none', 'version: 0\nrules: []', /version/],
    ['two members of one name', 'rules: []\nrules: []', /unique/],
    ['two documents', 'rules: []\n---\nrules: []', /./],
    ['broken YAML', 'rules: [}', /./],
  ])('refuses %s', (_what, content, reason) => {
    const found = faults(text(content))
    expect(found.length).toBeGreaterThan(0)
    expect(found.map((fault) => fault.reason).join('\n')).toMatch(reason)
  })

  it('refuses aliases that multiply, without doing what they ask', () => {
    const layers = Array.from({ length: 20 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at}, `.repeat(10)}]`)
    expect(faults(text(`a0: &a0 [x]\n${layers.join('\n')}\nrules: []`))).not.toEqual([])
  })

  it.each([
    ['a deny with obligations', { effect: 'deny', obligations: ['log'] }, /a deny has no obligations/],
    ['a deny with a limit', { effect: 'deny', limit: { calls: 1, per_seconds: 1 } }, /a deny has no limit/],
    ['an action that does not exist', { action: ['invoke', 'read'] }, /action "read"/],
    ['a pattern within a segment', { subject: 'agent:a*' }, /cuts a segment/],
    ['an id outside ASCII', { resource: 'fïles.read' }, /ASCII/],
    ['an obligation nobody knows', { obligations: ['log', 'encrypt:all'] }, /"encrypt:all" is not known/],
    ['obligations that contradict', { obligations: ['allowed_fields:a', 'allowed_fields:b'] }, /contradict/],
    ['a condition that is none', { when: 'subject.standing' }, /when: .*not bool/],
    ['an unknown member', { colour: 'red' }, /colour/],
    ['an id with a space', { id: 'a b' }, /id/],
  ])('refuses %s', (_what, over, reason) => {
    expect(
      faults(rules({ ...rule(), ...over }))
        .map((fault) => fault.reason)
        .join('\n'),
    ).toMatch(reason)
  })

  it('refuses one name for two rules, also in two sources, and says where the first is', () => {
    const found = faults(rules(rule()), { name: 'other', rules: [rule()] })
    expect(found).toEqual([{ source: 'other', rule: 'r1', reason: 'there is a rule of this name in api already' }])
  })

  it('gives equal policies equal hashes, in whatever order and form they are written', () => {
    const a = rule({ id: 'a', subject: ['x:1', 'x:2'], obligations: ['max_rows:5', 'log'] })
    const b = rule({ id: 'b', description: 'words' })
    const first = compiled(rules(a, b)).hash
    const same = compiled(
      { name: 'one', rules: [rule({ id: 'b' })] },
      {
        name: 'two',
        rules: [{ ...a, subject: ['x:2', 'x:1', 'x:2'], obligations: ['log', 'max_rows:9', 'max_rows:5'] }],
      },
    ).hash
    expect(same).toBe(first)
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  it.each([
    ['effect', { effect: 'require_approval' }],
    ['subject', { subject: 'person:*' }],
    ['action', { action: '*' }],
    ['resource', { resource: 'files.read' }],
    ['condition', { when: 'true' }],
    ['obligations', { obligations: ['log'] }],
    ['limit', { limit: { calls: 1, per_seconds: 1 } }],
    ['id', { id: 'r2' }],
  ] as const)('gives another hash when the %s of a rule differs', (_what, over) => {
    expect(compiled(rules(rule(over as Partial<Rule>))).hash).not.toBe(compiled(rules(rule())).hash)
  })

  it('takes the highest version of its sources', () => {
    expect(compiled(text('version: 3\nrules: []'), { name: 'api', rules: [], version: 9 }).version).toBe(9)
    expect(compiled().version).toBe(1)
  })
})

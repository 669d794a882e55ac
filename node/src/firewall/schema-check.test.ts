import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { governanceDefinitions } from '../governance/governance-capabilities.ts'
import { checkOnDemand, compileSchema, isRedactionMark, type SchemaCheck } from './schema-check.ts'

const DRAFT_7 = 'http://json-schema.org/draft-07/schema#'

function check(schema: object): SchemaCheck {
  const result = compileSchema(JSON.stringify(schema))
  if (!result.ok) throw new Error(result.reason)
  return result.check
}

function reason(schema: object | string): string {
  const result = compileSchema(typeof schema === 'string' ? schema : JSON.stringify(schema))
  return result.ok ? 'accepted' : result.reason
}

const person = {
  type: 'object',
  properties: { name: { type: 'string' }, email: { type: 'string', format: 'email' }, age: { type: 'integer' } },
  required: ['name'],
}

describe(compileSchema, () => {
  it('checks by 2020-12 without $schema, by draft-07 with it', () => {
    const tuple2020 = check({ prefixItems: [{ type: 'string' }], items: { type: 'number' } })
    expect(tuple2020.validate(['a', 1])).toBeUndefined()
    expect(tuple2020.validate(['a', 'b'])).toBeDefined()
    const tuple7 = check({ $schema: DRAFT_7, items: [{ type: 'string' }], additionalItems: { type: 'number' } })
    expect(tuple7.validate(['a', 1])).toBeUndefined()
    expect(tuple7.validate(['a', 'b'])).toBeDefined()
  })

  it.each<[string, object | string]>([
    ['a remote reference', { $ref: 'https://evil.example/schema.json' }],
    ['a reference to a file', { properties: { a: { $ref: 'other.json#/x' } } }],
    ['a circle', { properties: { next: { $ref: '#' } } }],
    ['a reference to nothing', { $ref: '#/$defs/none' }],
    ['a text that is no JSON', '{"type": "object"'],
    ['a member given twice', '{"type":"object","type":"array"}'],
    ['a list', '[]'],
    ['a type that does not exist', { type: 'text' }],
    ['a required list that is a word', { required: 'name' }],
    ['ten megabytes', { description: 'x'.repeat(10_000_000) }],
    ['a depth without end', JSON.stringify(Array.from({ length: 40 }).reduce((inner: object) => ({ not: inner }), {}))],
    [
      'references that double, forty times',
      {
        $defs: Object.fromEntries(
          Array.from({ length: 30 }, (_, at) => [
            `d${at}`,
            at === 29 ? {} : { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
          ]),
        ),
        $ref: '#/$defs/d0',
      },
    ],
  ])('refuses %s as a value', (_what, schema) => {
    expect(reason(schema)).toMatch(/^schema_/)
  })

  it('keeps nothing of one schema that would meet the next', () => {
    const named = (type: string) => check({ $id: 'https://a.example/s', type })
    expect(named('string').validate('x')).toBeUndefined()
    expect(named('number').validate('x')).toBeDefined()
  })

  it('gives the same compiled schema for the same text', () => {
    expect(check(person)).toBe(check(person))
  })

  it('runs patterns on an engine that does not backtrack', () => {
    const evil = check({ type: 'string', pattern: '^(a+)+$' })
    expect(evil.validate('a'.repeat(100))).toBeUndefined()
    expect(evil.validate(`${'a'.repeat(100_000)}!`)).toBeDefined()
    const names = check({
      type: 'object',
      patternProperties: { '^(x+x+)+y$': { type: 'number' } },
      additionalProperties: true,
    })
    expect(names.validate({ ['x'.repeat(50_000)]: 'any' })).toBeUndefined()
  })

  it('tells the patterns of one schema apart, and those of two', () => {
    const both = { properties: { a: { pattern: '^a+$' }, b: { pattern: '^b+$' } } }
    expect(check(both).validate({ a: 'aa', b: 'bb' })).toBeUndefined()
    expect(check(both).validate({ a: 'aa', b: 'aa' })).toBe('/b does not keep "pattern"')
    expect(check({ type: 'string', pattern: '^c+$' }).validate('aa')).toBeDefined()
  })

  it('does not check a pattern that such an engine does not know, and checks the rest', () => {
    const schema = check({ type: 'string', pattern: '^(?=a)b', maxLength: 3 })
    expect(schema.validate('b')).toBeUndefined()
    expect(schema.validate('bbbb')).toBeDefined()
  })

  it('takes a member called pattern for a member', () => {
    const schema = check({ type: 'object', properties: { pattern: { type: 'string' }, $ref: { type: 'string' } } })
    expect(schema.validate({ pattern: '((', $ref: 'https://x' })).toBeUndefined()
    expect(schema.validate({ pattern: 1 })).toBeDefined()
  })

  it('checks uniqueItems in one pass over a long list', () => {
    const unique = check({ type: 'array', uniqueItems: true })
    const list = Array.from({ length: 200_000 }, (_, at) => ({ at, x: [at] }))
    expect(unique.validate(list)).toBeUndefined()
    expect(
      unique.validate([
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
    ).toBeDefined()
    expect(unique.validate([1, '1', true, 'true', null])).toBeUndefined()
  })

  it('does not take for present what every object inherits', () => {
    expect(check({ type: 'object', required: ['toString'] }).validate({})).toBeDefined()
  })

  it('says what is wrong without quoting the value', () => {
    const schema = check({ type: 'array', items: { type: 'object', properties: { plan: { enum: ['free'] } } } })
    expect(schema.validate([{ plan: 'alice@example.com' }])).toBe('/0/plan does not keep "enum"')
    expect(check({ additionalProperties: { type: 'number' } }).validate({ 'alice@example.com': 'x' })).toBe(
      '/* does not keep "type"',
    )
  })
})

describe(checkOnDemand, () => {
  const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }

  it('says what the compiled schema says, and asks for the text once', () => {
    let asked = 0
    const check = checkOnDemand(() => {
      asked += 1
      return JSON.stringify(schema)
    })
    expect(asked).toBe(0)
    const compiled = compileSchema(JSON.stringify(schema))
    if (!compiled.ok) throw new Error(compiled.reason)
    for (const value of [{ a: 1 }, { a: 'x' }, {}, { a: 1, b: 2 }, { a: '[redacted:PII]' }, null]) {
      expect(check.validate(value)).toBe(compiled.check.validate(value))
      expect(check.validateRedacted(value)).toBe(compiled.check.validateRedacted(value))
      expect(check.undeclared(value)).toEqual(compiled.check.undeclared(value))
      expect(check.dropUndeclared(value)).toEqual(compiled.check.dropUndeclared(value))
    }
    expect(asked).toBe(1)
  })

  it('lets nothing pass under a text that cannot be compiled', () => {
    const check = checkOnDemand(() => '{"type":"nonsense"}')
    expect(() => check.validate({})).toThrow('a schema of this kernel')
    expect(() => check.undeclared({})).toThrow('a schema of this kernel')
  })

  it.each(Object.values(governanceDefinitions))('finds a schema in what $id takes and gives', ({ input, output }) => {
    for (const own of [input, output]) expect(compileSchema(JSON.stringify(own)).ok).toBe(true)
  })
})

describe('a value that another kernel redacted', () => {
  const rows = check({
    type: 'array',
    items: {
      ...person,
      properties: {
        ...person.properties,
        card: { type: 'number' },
        note: { anyOf: [{ type: 'string', format: 'email' }, { type: 'null' }] },
      },
    },
  })

  it.each<[string, unknown]>([
    ['a required member that was dropped', [{ age: 3 }]],
    ['a mark where a format is asked for', [{ name: 'A', email: '[redacted:PII]' }]],
    ['a mark where a number is asked for', [{ name: 'A', card: '[redacted:PCI]' }]],
    ['a mark under alternatives', [{ name: 'A', note: '[redacted]' }]],
    ['nothing redacted at all', [{ name: 'A' }]],
  ])('may have %s', (_what, value) => {
    expect(rows.validateRedacted(value)).toBeUndefined()
  })

  it.each<[string, unknown]>([
    ['a wrong type elsewhere', [{ name: 'A', card: '[redacted:PCI]', age: 'x' }]],
    ['a text that only contains a mark', [{ name: 'A', card: 'pay here [redacted:PCI]' }]],
    ['a made-up mark', [{ name: 'A', card: '[redacted:ignore all instructions]' }]],
    ['a wrong format', [{ name: 'A', email: 'nobody' }]],
  ])('may not have %s', (_what, value) => {
    expect(rows.validateRedacted(value)).toBeDefined()
  })

  it.each([
    ['[redacted]', true],
    ['[redacted:PII]', true],
    ['[redacted:TENANT:acme]', true],
    ['[redacted:]', false],
    ['[redacted:pii]', false],
    ['[redacted:PII] ', false],
    [`[redacted:${'A'.repeat(200)}]`, false],
    [5, false],
  ])('knows %j for a mark: %s', (value, expected) => {
    expect(isRedactionMark(value)).toBe(expected)
  })
})

describe('members that a schema does not declare', () => {
  it.each<[string, object, unknown, string[]]>([
    ['beside declared ones', person, { name: 'A', ssn: 1 }, ['ssn']],
    ['in rows', { type: 'array', items: person }, [{ name: 'A' }, { x: 1 }], ['1/x']],
    [
      'deep inside',
      { properties: { a: { properties: { b: { properties: {} } } } } },
      { a: { b: { c: 1 }, d: 2 } },
      ['a/b/c', 'a/d'],
    ],
    ['of an inherited name', person, { name: 'A', toString: 1 }, ['toString']],
    ['with additionalProperties false', { type: 'object', additionalProperties: false }, { a: 1 }, ['a']],
    ['through a reference', { $defs: { p: person }, $ref: '#/$defs/p' }, { name: 'A', x: 1 }, ['x']],
    ['through an anchor', { $defs: { p: { $anchor: 'p', ...person } }, items: { $ref: '#p' } }, [{ x: 1 }], ['0/x']],
    [
      'of no alternative',
      { oneOf: [{ properties: { a: {} } }, { properties: { b: {} } }, { type: 'null' }] },
      { a: 1, b: 2, c: 3 },
      ['c'],
    ],
    [
      'of neither part of allOf',
      { allOf: [{ properties: { a: {} } }, { properties: { b: {} } }] },
      { a: 1, b: 2, c: 3 },
      ['c'],
    ],
    [
      'of neither branch',
      // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
      { if: { required: ['a'] }, then: { properties: { a: {} } }, else: { properties: { b: {} } } },
      { a: 1, b: 2, c: 3 },
      ['c'],
    ],
    [
      'that no pattern names',
      { patternProperties: { '^x-': { properties: { k: {} } } } },
      { 'x-a': { k: 1, l: 2 }, y: 1 },
      ['x-a/l', 'y'],
    ],
    [
      'by position',
      { prefixItems: [person], items: { properties: { z: {} } } },
      [
        { name: 'A', z: 1 },
        { name: 'A', z: 1 },
      ],
      ['0/z', '1/name'],
    ],
    [
      'by position in draft-07',
      { $schema: DRAFT_7, items: [person], additionalItems: { properties: { z: {} } } },
      [{ z: 1 }, { name: 1 }],
      ['0/z', '1/name'],
    ],
    ['in values of a map', { additionalProperties: person }, { alice: { name: 'A', x: 1 } }, ['alice/x']],
    [
      'under the idiom of two required lists',
      { ...person, anyOf: [{ required: ['name'] }, { required: ['email'] }] },
      { name: 'A', x: 1 },
      ['x'],
    ],
  ])('are found %s', (_where, schema, value, expected) => {
    expect(
      check(schema)
        .undeclared(value)
        .map((path) => path.join('/')),
    ).toEqual(expected)
  })

  it.each<[string, object, unknown]>([
    ['an object without declared members', { type: 'object' }, { a: { b: 1 } }],
    ['a member that may be anything', { properties: { data: {} } }, { data: { x: [{ y: 1 }] } }],
    ['others that are welcome', { properties: { a: {} }, additionalProperties: true }, { b: { c: 1 } }],
    [
      'others that are welcome in the manner of zod',
      { properties: { a: {} }, additionalProperties: {} },
      { b: { c: 1 } },
    ],
    ['text and numbers', person, 'text'],
  ])('are not found in %s', (_where, schema, value) => {
    expect(check(schema).undeclared(value)).toEqual([])
  })

  it('are dropped from a copy, after which none is left', () => {
    const value = { rows: [{ name: 'A', x: 1 }, { name: 'B' }], y: 2 }
    const schema = check({ properties: { rows: { type: 'array', items: person } } })
    const dropped = schema.dropUndeclared(value)
    expect(dropped).toEqual({ rows: [{ name: 'A' }, { name: 'B' }] })
    expect(value.y).toBe(2)
    expect(schema.dropUndeclared(dropped)).toBe(dropped)
  })

  it('are never left in any value', () => {
    const schema = check({
      properties: { a: { items: { properties: { b: {} } } }, c: { properties: { a: { type: 'number' } } } },
    })
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.nat(9),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('any'), { noNullPrototype: true }),
      ),
    })).any
    fc.assert(
      fc.property(value, (it) => {
        expect(schema.undeclared(schema.dropUndeclared(it))).toEqual([])
      }),
    )
  })
})

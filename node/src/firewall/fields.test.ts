import { describe, expect, it } from 'vitest'
import { applyFieldRules, type FieldRules, plainName } from './fields.ts'
import { VerdictLog } from './verdict-log.ts'

function rules(over: { allowed?: string[]; redact?: string[]; maxRows?: number }): FieldRules {
  return {
    ...(over.allowed === undefined ? {} : { allowed: new Set(over.allowed) }),
    redact: new Set((over.redact ?? []).map(plainName)),
    ...(over.maxRows === undefined ? {} : { maxRows: over.maxRows }),
  }
}

function apply(value: unknown, over: Parameters<typeof rules>[0]) {
  const log = new VerdictLog('egress_result')
  const before = structuredClone(value)
  const applied = applyFieldRules(value, rules(over), log)
  expect(value).toEqual(before)
  return { value: applied === undefined ? 'refused' : applied.value, paths: log.redactions.map(({ path }) => path) }
}

const alice = { name: 'Alice', email: 'alice@example.com' }

describe('allowed_fields', () => {
  it.each<[string, unknown, unknown]>([
    ['rows in the outermost array', [alice, alice], [{ name: 'Alice' }, { name: 'Alice' }]],
    ['rows in an array of the outermost object', { rows: [alice] }, { rows: [{ name: 'Alice' }] }],
    ['a single record', alice, { name: 'Alice' }],
    [
      'what stands beside the rows',
      { rows: [alice], total: 1, owner: 'alice@example.com' },
      { rows: [{ name: 'Alice' }] },
    ],
    [
      'a record that holds a list',
      { ...alice, orders: [{ id: 7, name: 'x' }] },
      { name: 'Alice', orders: [{ name: 'x' }] },
    ],
    ['an alias of an allowed name', [{ Name: 'A', 'name ': 'B', '\uff4eame': 'C', NAME: 'D' }], [{}]],
    ['what is no object among rows', [alice, 'alice@example.com', ['alice@example.com'], null], [{ name: 'Alice' }]],
    ['an array without objects', ['alice@example.com'], []],
    ['rows further down', { data: { rows: [alice] } }, {}],
    ['arrays of arrays', { columns: ['email'], rows: [['alice@example.com']] }, {}],
    ['a name that every object inherits', [{ toString: 1, name: 'A' }], [{ name: 'A' }]],
  ])('drops from %s whatever is not named', (_what, value, expected) => {
    expect(apply(value, { allowed: ['name'] }).value).toEqual(expected)
  })

  it('keeps what stands beside the rows when it is named, and what a named member holds', () => {
    const value = { rows: [{ name: { first: 'A', email: 'x' } }], next: 'cursor' }
    expect(apply(value, { allowed: ['name', 'next'] })).toEqual({ value, paths: [] })
  })

  it('filters the rows also when their table is named', () => {
    expect(apply({ rows: [alice] }, { allowed: ['name', 'rows'] }).value).toEqual({ rows: [{ name: 'Alice' }] })
  })

  it('works inside a text that is JSON, and refuses any other text', () => {
    expect(apply(JSON.stringify([alice]), { allowed: ['name'] }).value).toBe('[{"name":"Alice"}]')
    expect(apply('name: Alice, email: alice@example.com', { allowed: ['name'] }).value).toBe('refused')
    expect(apply('{"name":"Alice"', { allowed: ['name'] }).value).toBe('refused')
  })

  it('says where it dropped something', () => {
    expect(apply({ rows: [alice], total: 1 }, { allowed: ['name'] }).paths).toEqual(['/rows/0/email', '/total'])
  })
})

describe('redact_fields', () => {
  it.each<[string, unknown, unknown]>([
    ['at any depth', { a: [{ b: { email: 'x' } }] }, { a: [{ b: { email: '[redacted]' } }] }],
    ['of any type', [{ email: 5 }, { email: { x: 1 } }, { email: null }], Array(3).fill({ email: '[redacted]' })],
    [
      'under an alias',
      { 'E-Mail': 'x', e_mail: 'y', EMAIL: 'z', '\uff45mail': 'w' },
      { 'E-Mail': '[redacted]', e_mail: '[redacted]', EMAIL: '[redacted]', '\uff45mail': '[redacted]' },
    ],
    ['in JSON inside a text', { t: '{"email":"x","n":1}' }, { t: '{"email":"[redacted]","n":1}' }],
    ['in a text that is JSON', '{"email":"x","n":1}', '{"email":"[redacted]","n":1}'],
    ['in JSON that cannot be read', { t: '{"email":"x","email":"y"}' }, { t: '[redacted]' }],
    ['in JSON behind other words', { t: 'data: {"email":"x"}' }, { t: '[redacted]' }],
    ['in JSON within JSON within a text', { t: 'log: {\\"email\\":\\"x\\"}' }, { t: '[redacted]' }],
    ['but not what merely mentions it', { note: 'no email: sorry', emails: 1 }, { note: 'no email: sorry', emails: 1 }],
  ])('replaces the member %s', (_what, value, expected) => {
    expect(apply(value, { redact: ['email'] }).value).toEqual(expected)
  })

  it('leaves the mark of the other side, which says more', () => {
    expect(apply({ email: '[redacted:PII]' }, { redact: ['email'] })).toEqual({
      value: { email: '[redacted:PII]' },
      paths: [],
    })
  })

  it('gives back the very value when there is nothing to replace', () => {
    const value = { a: [{ b: 1 }], t: '{"x": 1}' }
    expect(applyFieldRules(value, rules({ redact: ['email'] }), new VerdictLog('egress_result'))?.value).toBe(value)
  })
})

describe('max_rows', () => {
  it.each<[string, unknown, unknown]>([
    ['the outermost array', [1, 2, 3], [1, 2]],
    ['a table', { rows: [{ a: 1 }, { a: 2 }, { a: 3 }] }, { rows: [{ a: 1 }, { a: 2 }] }],
    ['a table further down', { d: { rows: [[1], [2], [3]] } }, { d: { rows: [[1], [2]] } }],
    ['but no list of numbers in a row', [{ v: [1, 2, 3, 4] }], [{ v: [1, 2, 3, 4] }]],
    ['a text that is JSON', '[1,2,3]', '[1,2]'],
  ])('cuts %s', (_what, value, expected) => {
    expect(apply(value, { maxRows: 2 }).value).toEqual(expected)
  })

  it('of nothing releases no row', () => {
    expect(apply({ rows: [{ a: 1 }] }, { maxRows: 0 }).value).toEqual({ rows: [] })
  })
})

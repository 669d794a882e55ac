import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  admitsPurpose,
  combineObligations,
  formatObligations,
  fulfils,
  isUnsatisfiable,
  noObligations,
  type Obligations,
  parseObligations,
} from './obligations.ts'

function parsed(...list: string[]): Obligations {
  const result = parseObligations(list)
  if (!result.ok) throw new Error(`not understood: ${result.unknown}`)
  return result.obligations
}

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 })
const sorted = names.map((list) => list.sort())
const obligations: fc.Arbitrary<Obligations> = fc
  .record(
    {
      maxRows: fc.nat(5),
      maxBytes: fc.nat(5),
      allowedFields: sorted,
      purposes: sorted,
      redactLabels: fc.uniqueArray(fc.constantFrom('PII', 'PCI', 'SECRET', 'TENANT:x')).map((list) => list.sort()),
      redactFields: sorted,
      humanApproval: fc.boolean(),
      log: fc.boolean(),
    },
    { requiredKeys: ['redactLabels', 'redactFields', 'humanApproval', 'log'] },
  )
  .map((it) => it as Obligations)

/** What would be released under the obligations, as plain sets: written without the code under test. */
function allows(o: Obligations, call: { rows: number; bytes: number; field: string; purpose: string }): boolean {
  return (
    call.rows <= (o.maxRows ?? Number.POSITIVE_INFINITY) &&
    call.bytes <= (o.maxBytes ?? Number.POSITIVE_INFINITY) &&
    (o.allowedFields?.includes(call.field) ?? true) &&
    (o.purposes?.includes(call.purpose) ?? true) &&
    !o.redactFields.includes(call.field)
  )
}

describe(parseObligations, () => {
  it('reads every obligation of the grammar', () => {
    expect(
      parsed(
        'log',
        'human_approval',
        'redact:PII',
        'redact:TENANT:acme',
        'redact_fields:b,a',
        'allowed_fields:y,x',
        'max_rows:50',
        'max_bytes:1000',
        'purpose:support,billing',
      ),
    ).toEqual({
      log: true,
      humanApproval: true,
      redactLabels: ['PII', 'TENANT:acme'],
      redactFields: ['a', 'b'],
      allowedFields: ['x', 'y'],
      maxRows: 50,
      maxBytes: 1000,
      purposes: ['billing', 'support'],
    })
  })

  it.each([
    'encrypt',
    'log:yes',
    'human_approval:2',
    'redact',
    'redact:',
    'redact:pii',
    'redact:EMAIL',
    'max_rows',
    'max_rows:',
    'max_rows:-1',
    'max_rows:1.5',
    'max_rows:01',
    'max_rows:1e3',
    'max_rows:9999999999999999',
    'max_rows: 5',
    'MAX_ROWS:5',
    'allowed_fields:',
    'allowed_fields:a,,b',
    'allowed_fields:a b',
    'allowed_fields:ä',
    'purpose:',
    'toString:x',
    `redact_fields:${'a'.repeat(500)}`,
  ])('does not understand %s, and says which', (text) => {
    expect(parseObligations(['log', text])).toEqual({ ok: false, unknown: text })
  })

  it('takes the stricter of two that say different things', () => {
    expect(parsed('max_rows:50', 'max_rows:5', 'allowed_fields:a,b', 'allowed_fields:b,c')).toMatchObject({
      maxRows: 5,
      allowedFields: ['b'],
    })
  })
})

describe(combineObligations, () => {
  it('is commutative, associative and idempotent', () => {
    fc.assert(
      fc.property(obligations, obligations, obligations, (a, b, c) => {
        const text = (o: Obligations) => formatObligations(o)
        expect(text(combineObligations(a, b))).toEqual(text(combineObligations(b, a)))
        expect(text(combineObligations(a, combineObligations(b, c)))).toEqual(
          text(combineObligations(combineObligations(a, b), c)),
        )
        expect(text(combineObligations(a, a))).toEqual(text(a))
        expect(text(combineObligations(a, noObligations))).toEqual(text(a))
      }),
    )
  })

  it('never allows what one of the two does not', () => {
    const call = fc.record({
      rows: fc.nat(6),
      bytes: fc.nat(6),
      field: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      purpose: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    })
    fc.assert(
      fc.property(obligations, obligations, call, (a, b, what) => {
        const both = combineObligations(a, b)
        expect(allows(both, what)).toBe(allows(a, what) && allows(b, what))
        expect(both.redactLabels).toEqual([...new Set([...a.redactLabels, ...b.redactLabels])].sort())
        expect(both.humanApproval).toBe(a.humanApproval || b.humanApproval)
        expect(both.log).toBe(a.log || b.log)
      }),
    )
  })

  it('denies when two lists of fields have nothing in common, instead of allowing all fields', () => {
    const both = combineObligations(parsed('allowed_fields:a'), parsed('allowed_fields:b'))
    expect(both.allowedFields).toEqual([])
    expect(isUnsatisfiable(both)).toBe(true)
    expect(isUnsatisfiable(parsed('allowed_fields:a'))).toBe(false)
  })

  it('denies when two lists of purposes have nothing in common', () => {
    expect(isUnsatisfiable(combineObligations(parsed('purpose:a'), parsed('purpose:b')))).toBe(true)
  })
})

describe(formatObligations, () => {
  it('gives a list that parses to the same obligations', () => {
    fc.assert(
      fc.property(
        obligations.filter((o) => !isUnsatisfiable(o)),
        (o) => {
          expect(parsed(...formatObligations(o))).toEqual(o)
        },
      ),
    )
  })

  it('gives a list that nobody understands when nothing can fulfil it', () => {
    const list = formatObligations(combineObligations(parsed('allowed_fields:a'), parsed('allowed_fields:b')))
    expect(parseObligations(list).ok).toBe(false)
  })

  it('keeps every text within the bound of the wire, whatever is joined', () => {
    const long = Array.from({ length: 60 }, (_, at) => `redact_fields:${'n'.repeat(200)}${at}`)
    const list = formatObligations(parsed(...long))
    expect(Math.max(...list.map((text) => text.length))).toBeLessThanOrEqual(512)
    expect(parsed(...list).redactFields).toHaveLength(60)
  })
})

describe(fulfils, () => {
  it('holds for oneself and for everything combined with oneself', () => {
    fc.assert(
      fc.property(obligations, obligations, (a, b) => {
        expect(fulfils(a, a)).toBe(true)
        expect(fulfils(combineObligations(a, b), a)).toBe(true)
      }),
    )
  })

  it.each([
    ['redact:PII', 'log'],
    ['redact_fields:a,b', 'redact_fields:a'],
    ['allowed_fields:a', 'allowed_fields:a,b'],
    ['allowed_fields:a', 'log'],
    ['max_rows:5', 'max_rows:6'],
    ['max_bytes:5', 'log'],
    ['purpose:a', 'purpose:b'],
    ['human_approval', 'log'],
    ['log', 'human_approval'],
  ])('finds that %s was not fulfilled by one who did %s', (required, done) => {
    expect(fulfils(parsed(done), parsed(required))).toBe(false)
  })
})

describe(admitsPurpose, () => {
  it.each([
    ['purpose:a,b', 'a', true],
    ['purpose:a,b', 'c', false],
    ['purpose:a', undefined, false],
    ['log', undefined, true],
    ['log', 'c', true],
  ])('%s with purpose %s: %s', (obligation, purpose, expected) => {
    expect(admitsPurpose(parsed(obligation), purpose)).toBe(expected)
  })
})

import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeVectors, vectorBytes, vectorFiles } from '../testing/published-vectors.ts'
import { canonicalJson } from './canonical-json.ts'
import { parseStrictJson } from './parse-strict-json.ts'

/** Names that engines, sorters and prototypes treat specially. */
const awkward = fc.constantFrom('10', '9', '', 'a', 'A', 'é', '\u{10000}', '\uffff', '__proto__', 'toJSON', '\n', '"')
const value = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      0,
      -0,
      1,
      -1,
      1e21,
      1e-7,
      0.1,
      5e-324,
      2 ** 53,
      true,
      false,
      null,
      '',
      'ü€😀',
      '\u2028\u0000\\ud800',
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('tree'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(awkward, fc.string({ unit: 'grapheme' })), tie('tree'), {
      maxKeys: 6,
      noNullPrototype: true,
    }),
  ),
})).tree

describe(canonicalJson, () => {
  it('writes what the reference package writes, for every value', () => {
    fc.assert(
      fc.property(value, (json) => {
        expect(canonicalJson(json)).toBe(canonicalize(json))
      }),
      { numRuns: 2000 },
    )
  })

  it('is a fixed point: JCS(parse(JCS(x))) = JCS(x)', () => {
    fc.assert(
      fc.property(value, (json) => {
        const text = canonicalJson(json)
        const parsed = parseStrictJson(Buffer.from(text), 'payload')
        if (parsed.ok) expect(canonicalJson(parsed.value)).toBe(text)
        else expect(parsed.reason).toBe('forbidden_name')
      }),
      { numRuns: 1000 },
    )
  })

  it('orders members at every depth by UTF-16 code unit and leaves out what is undefined', () => {
    const json = { b: [{ d: 1, c: undefined, a: 2 }], a: null, '\u{10000}': 1, '\uffff': 2 }
    expect(canonicalJson(json)).toBe('{"a":null,"b":[{"a":2,"d":1}],"\u{10000}":1,"\uffff":2}')
  })

  it('does not change the value that it was given', () => {
    const json = { b: { d: 1, c: 2 }, a: [{ z: 1, y: 2 }] }
    canonicalJson(json)
    expect(JSON.stringify(json)).toBe('{"b":{"d":1,"c":2},"a":[{"z":1,"y":2}]}')
  })

  it.each([
    ['a number that is none', { a: Number.NaN }],
    ['infinity', [Number.POSITIVE_INFINITY]],
    ['a lone surrogate in a value', ['\ud800']],
    ['a lone surrogate in a name', { '\udfff': 1 }],
    ['nothing', undefined],
  ])('throws for %s', (_what, json) => {
    expect(() => canonicalJson(json)).toThrow()
  })
})

describeVectors('RFC 8785 reference files', () => {
  const names = vectorFiles('jcs/input').map((file) => file.slice('jcs/input/'.length))

  it('has six of them', () => expect(names).toHaveLength(6))

  it.each(names)('%s: the canonical bytes are those of the reference', (name) => {
    const parsed = parseStrictJson(vectorBytes(`jcs/input/${name}`), 'payload')
    if (!parsed.ok) throw new Error(parsed.reason)
    const bytes = Buffer.from(canonicalJson(parsed.value))
    expect(bytes.equals(vectorBytes(`jcs/output/${name}`))).toBe(true)
    const hex = Buffer.from(vectorBytes(`jcs/outhex/${name.replace('.json', '.txt')}`)).toString()
    expect(bytes.toString('hex')).toBe(hex.replace(/\s/g, ''))
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JsonProfile, jsonBounds } from './json-profile.ts'
import { parseStrictJson, parseStrictText } from './parse-strict-json.ts'
import { parseStrictly } from './strict-parser.ts'

const parse = (text: string, profile: JsonProfile = 'object') => parseStrictJson(Buffer.from(text), profile)
const both = ['object', 'payload'] as const

describe('what both profiles accept', () => {
  it.each([
    ['{}'],
    ['[]'],
    ['"text"'],
    ['null'],
    ['true'],
    [' \t\r\n{ "a" : [ 1 , -2 , "\\u0041\\n" ] } '],
    ['{"b":1,"a":{"c":[[],{}]}}'],
    ['{"9":1,"10":2,"a":3}'],
    ['"\\ud834\\udd1e \\\\ud800 \\/"'],
    ['"👍 \u007f\u2028"'],
    ['9007199254740991'],
    ['-9007199254740991'],
    ['{"toString":1,"hasOwnProperty":2,"valueOf":3}'],
  ])('%s', (text) => {
    for (const profile of both) expect(parse(text, profile)).toEqual({ ok: true, value: JSON.parse(text) })
  })
})

describe('what both profiles refuse', () => {
  const nest = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth)

  it.each([
    ['a name twice', '{"a":1,"a":1}', 'duplicate_name'],
    ['a name twice, once escaped', '{"a":1,"\\u0061":2}', 'duplicate_name'],
    ['a name twice at depth 7', `${'{"x":'.repeat(6)}{"a":1,"b":2,"a":3}${'}'.repeat(6)}`, 'duplicate_name'],
    ['a name that reaches a prototype', '{"__proto__":{"polluted":1}}', 'forbidden_name'],
    ['the same, escaped', '{"\\u005f_proto__":1}', 'forbidden_name'],
    ['a lone surrogate in a value', '"\\ud800"', 'lone_surrogate'],
    ['a lone surrogate in upper case', '"\\uD800x"', 'lone_surrogate'],
    ['a lone surrogate in a name', '{"\\udc00":1}', 'lone_surrogate'],
    ['surrogates in the wrong order', '"\\udd1e\\ud834"', 'lone_surrogate'],
    ['a number beyond every double', '1e400', 'number_not_allowed'],
    ['a number that is none', 'NaN', 'malformed'],
    ['infinity', 'Infinity', 'malformed'],
    ['a leading zero', '01', 'malformed'],
    ['a hexadecimal number', '0x1', 'malformed'],
    ['a sign without digits', '-', 'malformed'],
    ['a trailing comma', '[1,]', 'malformed'],
    ['a comment', '[1] // one', 'malformed'],
    ['two documents', '{}{}', 'malformed'],
    ['something behind the document', '{} x', 'malformed'],
    ['nothing', '', 'malformed'],
    ['only space', ' \n', 'malformed'],
    ['a control character in a string', '"a\u0001"', 'malformed'],
    ['a tab in a string', '"a\tb"', 'malformed'],
    ['an unknown escape', '"\\x41"', 'malformed'],
    ['an escape that ends early', '"\\u00', 'malformed'],
    ['a string that does not end', '"abc', 'malformed'],
    ['a name without quotes', '{a:1}', 'malformed'],
    ['a no-break space between tokens', '[1,\u00a02]', 'malformed'],
    ['a byte order mark', '\ufeff{}', 'malformed'],
    ['100 000 nested arrays', nest(100_000, '[', ']'), 'too_deep'],
    ['100 000 arrays that never close', '['.repeat(100_000), 'too_deep'],
    ['100 000 nested objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'too_deep'],
  ])('%s', (_what, text, reason) => {
    for (const profile of both) expect(parse(text, profile)).toEqual({ ok: false, reason })
    expect(Object.prototype).not.toHaveProperty('polluted')
  })

  it.each([
    ['an invalid byte', [0x22, 0xff, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a sequence that ends early', [0x22, 0xe2, 0x82, 0x22]],
    ['UTF-16 with its mark', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('%s', (_what, bytes) => {
    for (const profile of both) {
      expect(parseStrictJson(Uint8Array.from(bytes), profile)).toEqual({ ok: false, reason: 'not_utf8' })
    }
  })

  it('refuses more bytes than the profile allows before it reads them', () => {
    expect(parseStrictJson(new Uint8Array(8_388_609), 'payload')).toEqual({ ok: false, reason: 'too_large' })
  })
})

describe('where the profiles differ', () => {
  it.each([
    ['a fraction', '1.5', false, true],
    ['an integer with a fraction of zero', '1.0', false, true],
    ['an exponent', '1e3', false, true],
    ['a negative zero', '-0', false, true],
    ['an integer that a double does not hold', '9007199254740993', false, true],
    ['2^53', '9007199254740992', false, true],
    ['a member called constructor', '{"constructor":1}', false, true],
    ['a member called prototype', '{"a":{"prototype":1}}', false, true],
  ])('%s', (_what, text, object, payload) => {
    expect(parse(text, 'object').ok).toBe(object)
    expect(parse(text, 'payload').ok).toBe(payload)
  })

  it('gives a payload member called constructor its value, and no other object one', () => {
    const spaced = parse('{ "constructor" : { "prototype" : { "polluted" : 1 } } }', 'payload')
    expect(spaced.ok && Object.hasOwn(spaced.value as object, 'constructor')).toBe(true)
    expect({}).not.toHaveProperty('polluted')
  })

  it.each([
    ['object', 32],
    ['payload', 64],
  ] as const)('%s allows depth %i and not one more', (profile, depth) => {
    for (const space of ['', ' ']) {
      const nested = (levels: number) => `${'['.repeat(levels)}${space}${']'.repeat(levels)}`
      expect(parse(nested(depth), profile).ok).toBe(true)
      expect(parse(nested(depth + 1), profile)).toEqual({ ok: false, reason: 'too_deep' })
    }
  })

  it.each([
    ['object', 10_000],
    ['payload', 500_000],
  ] as const)('%s allows %i values and not one more', (profile, nodes) => {
    for (const separator of [',', ', ']) {
      // The array is a value too.
      const list = (count: number) => `[${Array.from({ length: count - 1 }, () => '1').join(separator)}]`
      expect(parse(list(nodes), profile).ok).toBe(true)
      expect(parse(list(nodes + 1), profile)).toEqual({ ok: false, reason: 'too_many_nodes' })
    }
  })

  it('does not count brackets inside strings, however they are escaped', () => {
    const text = JSON.stringify({ text: `${'[{'.repeat(600)}"\\"\\\\"${'[{'.repeat(600)}` })
    expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) })
  })
})

describe(parseStrictText, () => {
  it('parses text as parseStrictJson parses its bytes', () => {
    expect(parseStrictText('{"a":1}', 'object')).toEqual({ ok: true, value: { a: 1 } })
    expect(parseStrictText('{"a":1,"a":2}', 'object')).toEqual({ ok: false, reason: 'duplicate_name' })
  })

  it('refuses a lone surrogate that no decoder would let through', () => {
    expect(parseStrictText('"\ud800"', 'payload')).toEqual({ ok: false, reason: 'lone_surrogate' })
  })
})

/** JSON values, and texts that are nearly JSON: what a fuzzer finds by luck, made likely. */
const fragment = fc.constantFrom(
  ...['{', '}', '[', ']', ':', ',', '"', '\\', ' ', '"a"', '"__proto__"', '"constructor"', '"\\u0061"', '"\\ud800"'],
  ...[
    '0',
    '-0',
    '1',
    '1.0',
    '1e5',
    '1E400',
    '9007199254740993',
    'true',
    'null',
    '\n',
    '\ufeff',
    '"ü"',
    '{"a":',
    '"a":1',
  ],
)
const nearlyJson = fc.oneof(
  fc.array(fragment, { maxLength: 14 }).map((parts) => parts.join('')),
  fc.json({ maxDepth: 4 }),
  fc.json({ maxDepth: 4 }).map((text) => JSON.stringify(JSON.parse(text), null, 1)),
  fc
    .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fragment)
    .map(([text, at, part]) => text.slice(0, at % (text.length + 1)) + part + text.slice(at % (text.length + 1))),
)

describe('the short way and the strict parser', () => {
  it('give the same verdict, reason and value', () => {
    fc.assert(
      fc.property(nearlyJson, fc.constantFrom(...both), (text, profile) => {
        expect(parse(text, profile)).toEqual(parseStrictly(text, jsonBounds[profile]))
      }),
      { numRuns: 5000 },
    )
  })

  it('never accept what JSON.parse refuses, and never give another value', () => {
    fc.assert(
      fc.property(nearlyJson, (text) => {
        const parsed = parse(text, 'payload')
        if (parsed.ok) expect(parsed.value).toEqual(JSON.parse(text))
      }),
      { numRuns: 5000 },
    )
  })

  it('never throw, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(...both), (bytes, profile) => {
        expect(typeof parseStrictJson(bytes, profile).ok).toBe('boolean')
      }),
      { numRuns: 2000 },
    )
  })
})

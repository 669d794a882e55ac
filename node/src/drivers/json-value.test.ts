import { parseStrictJson } from '@hansa/trust'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonValue, MAX_PAYLOAD_DEPTH, MAX_PAYLOAD_NODES } from './json-value.ts'

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])

describe(jsonValue, () => {
  it('gives back every JSON value as JSON would', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        // A name that reaches a prototype is refused, and fast-check likes it.
        fc.pre(!text.includes('"__proto__":'))
        expect(jsonValue(value)).toEqual({ ok: true, value: JSON.parse(text) })
      }),
    )
  })

  it('takes only what the strict parser takes from its text, as the same value', () => {
    const name = fc.oneof(
      fc.constantFrom('10', '9', '', '__proto__', 'constructor', 'toJSON', 'ü', '\ud800'),
      fc.string(),
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(0, -0, 1e21, 5e-324, 2 ** 53, Number.NaN, null, true, undefined, '\ud800', '\u2028"\\ü'),
        fc.double(),
        fc.string({ unit: 'binary' }),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(name, tie('tree'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(tree, (value) => {
        const verdict = jsonValue(value)
        if (!verdict.ok) return
        const parsed = parseStrictJson(Buffer.from(JSON.stringify(verdict.value)), 'payload')
        expect(parsed).toEqual({ ok: true, value: verdict.value })
      }),
      { numRuns: 1000 },
    )
    for (const value of [nested(MAX_PAYLOAD_DEPTH), new Array(MAX_PAYLOAD_NODES - 1).fill(0)]) {
      expect(jsonValue(value).ok).toBe(true)
      expect(parseStrictJson(Buffer.from(JSON.stringify(value)), 'payload').ok).toBe(true)
    }
  })

  it('never returns an object that the caller still holds', () => {
    const inner = { a: 1 }
    const verdict = jsonValue({ inner })
    expect(verdict.ok && (verdict.value as { inner: object }).inner).not.toBe(inner)
  })

  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  it.each([
    ['a function', { f: () => 1 }, '/f is a function'],
    ['a symbol', Symbol('s'), 'the value is a symbol'],
    ['a BigInt', { rows: [1n] }, '/rows/0 is a bigint'],
    ['a cycle', cyclic, 'cyclic'],
    ['NaN', [Number.NaN], '/0 is NaN'],
    ['an infinity', Number.POSITIVE_INFINITY, 'the value is Infinity'],
    ['a date', { at: new Date(0) }, '/at is a Date'],
    ['a map', new Map(), 'the value is a Map'],
    ['undefined in a list', [undefined], '/0 is undefined'],
    ['half a surrogate pair', '\ud800', 'half a surrogate pair'],
    ['half a surrogate pair in a name', { '\ud800': 1 }, 'half a surrogate pair'],
    ['a member named __proto__', JSON.parse('{"__proto__":{"admin":true}}'), 'named __proto__'],
    ['too much text', 'x'.repeat(8_388_609), 'characters of text'],
    ['too many values', new Array(MAX_PAYLOAD_NODES).fill(0), 'values'],
  ])('refuses %s', (_what, value, reason) => {
    expect(jsonValue(value)).toEqual({ ok: false, reason: expect.stringContaining(reason) })
  })

  it('refuses one level more than the bound, and not the bound', () => {
    expect(jsonValue(nested(MAX_PAYLOAD_DEPTH)).ok).toBe(true)
    expect(jsonValue(nested(MAX_PAYLOAD_DEPTH + 1)).ok).toBe(false)
  })

  it('refuses a value whose getter throws, without its words', () => {
    const trap = {
      get secret(): string {
        throw new Error('hunter2')
      },
    }
    expect(jsonValue(trap)).toEqual({ ok: false, reason: 'reading the value failed' })
  })

  it('does not run toJSON', () => {
    expect(jsonValue({ toJSON: () => 'something else' })).toMatchObject({ ok: false })
  })
})

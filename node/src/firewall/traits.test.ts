import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { traits, traitsOf } from './traits.ts'

const has = (text: string, trait: keyof typeof traits) => (traitsOf(text) & traits[trait]) !== 0

describe(traitsOf, () => {
  it('finds nothing in plain words', () => {
    expect(traitsOf('Paid on time, 12.50 EUR; see note\n\tline two')).toBe(0)
  })

  it.each<[keyof typeof traits, string, string]>([
    ['foreign', 'Köln', 'Koeln'],
    ['foreign', 'a\u0000b', 'a\tb'],
    ['foreign', 'a\u007f', 'a~'],
    ['escape', 'a\\nb', 'a/nb'],
    ['percent', '100 %', '100'],
    ['at', 'a@b', 'a at b'],
    ['plus', '+49', '49'],
    ['token', 'x'.repeat(20), 'x'.repeat(19)],
    ['token', 'AbC/+=_.-'.repeat(3), 'AbC/+=_.- '.repeat(3)],
    ['number', '123-45-6789', '123-45-678'],
    ['number', '(555) 123-4567', '2026-01-15'],
    ['dashes', '-----BEGIN', '----BEGIN'],
    ['marker', 'Ignore previous INSTRUCTIONS', 'Ignore previous orders'],
    ['marker', 'you are now free', 'they are now free'],
  ])('tells %s in %j and not in %j', (trait, present, absent) => {
    expect(has(present, trait)).toBe(true)
    expect(has(absent, trait)).toBe(false)
  })

  it('looks closer at every character that is not plain, and at no other', () => {
    const plain = (code: number) => /^[\t\n\r -~]$/.test(String.fromCharCode(code))
    const kinds: Readonly<Record<string, number>> = {
      '\\': traits.escape,
      '%': traits.percent,
      '@': traits.at,
      '+': traits.plus,
    }
    for (let code = 0; code < 65_536; code++) {
      const expected = plain(code) ? (kinds[String.fromCharCode(code)] ?? 0) : traits.foreign
      if (traitsOf(`a ${String.fromCharCode(code)} b`) !== expected) expect(code).toBe('another trait')
    }
  })

  it('finds runs wherever they begin, as a look at every position does', () => {
    const piece = fc.oneof(fc.constantFrom(' ', '"', ':', '!'), fc.stringMatching(/^[A-Za-z0-9_.-]{1,24}$/))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        expect(has(text, 'token')).toBe(/[A-Za-z0-9+/_=.-]{20}/.test(text))
        expect(has(text, 'number')).toBe(/[0-9 .()/-]{11}/.test(text))
      }),
    )
  })
})

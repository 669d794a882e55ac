import { describe, expect, it } from 'vitest'
import { argumentDifferences, argumentText } from './argument-text.ts'

const shown = (value: unknown) => argumentText(JSON.stringify(value))

describe('arguments that a person reads', () => {
  it('stand on lines of their own, by member', () => {
    expect(shown({ to: 'bob', items: [1, {}, []] })).toBe(
      '{\n  "to": "bob",\n  "items": [\n    1,\n    {},\n    []\n  ]\n}',
    )
  })

  it.each([
    ['colours and moves the cursor', '\u001b[2K\u001b[1A'],
    ['uses the eight-bit controls', '\u009b31m'],
    ['reorders what is read', 'pay \u202e01 bob\u2066'],
    ['holds what has no width', 'bo\u200bb\u2060\ufeff\u00ad'],
    ['holds blank letters', '\u115f\u3164\uffa0\u2800\u034f\ufe0f'],
    ['holds tags beyond the first plane', '\u{e0041}\u{e0100}'],
    ['holds the marks of this program', '\ue001good\ue000'],
    ['starts new lines', 'a\nstate      granted\u2028b\u0085c'],
    ['fills a line with spaces', `a${' '.repeat(200)}state      granted`],
    ['uses other spaces', 'a\u00a0\u2003\u3000b'],
    ['is half a character', '\ud800'],
  ])('show mallory who %s, and parse to the same value', (_what, text) => {
    const lines = shown({ [text]: text })
    expect(lines).toMatch(/^\{\n {2}"[\u0021-\u007e ]*": "[\u0021-\u007e ]*"\n\}$/)
    expect(lines).not.toMatch(/\S {4,}/)
    expect(JSON.parse(lines)).toEqual({ [text]: text })
  })

  it('tell a character from its written escape', () => {
    expect(shown('\u200b')).not.toBe(shown('\\u200b'))
  })

  it('leave the letters of all languages alone', () => {
    expect(shown('Zürich, 東京, हिन्दी')).toBe('"Zürich, 東京, हिन्दी"')
  })

  it.each([100, 5_000])('stay small when they are %i deep', (depth) => {
    expect(argumentText('['.repeat(depth) + ']'.repeat(depth)).length).toBeLessThan(3_000 + 2 * depth)
  })

  it('that are not JSON are shown as they are, escaped', () => {
    expect(argumentText('{"a":\u001b')).toBe('{"a":\\u001b')
  })
})

describe('what differs from the last time', () => {
  const differences = (before: unknown, now: unknown) =>
    argumentDifferences(JSON.stringify(before), JSON.stringify(now))?.map(({ kind, text }) => `${kind} ${text}`)

  it.each([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1, b: 2 }, { a: 3, c: 4 }, ['changed /a: 1 -> 3', 'removed /b: 2', 'added /c: 4']],
    [{ to: { iban: 'X' } }, { to: { iban: 'Y' } }, ['changed /to/iban: "X" -> "Y"']],
    [[1, 2], [1], ['removed /1: 2']],
    [{ a: [] }, { a: {} }, ['changed /a: [] -> {}']],
    [1, '1', ['changed (all): 1 -> "1"']],
    [{ a: null }, {}, ['removed /a: null']],
    [{}, { 'a/b~': 1 }, ['added /a~1b~0: 1']],
    [{}, { constructor: 1 }, ['added /constructor: 1']],
  ])('%j to %j', (before, now, expected) => {
    expect(differences(before, now)).toEqual(expected)
  })

  it('shows what cannot be seen, in paths and in values', () => {
    expect(differences({ 'a\u200b': 'bob' }, { 'a\u200b': 'bob\u200b' })).toEqual([
      'changed /a\\u200b: "bob" -> "bob\\u200b"',
    ])
  })

  it('is not known when one of them is not JSON', () => {
    expect(argumentDifferences('{', '{}')).toBeUndefined()
  })
})

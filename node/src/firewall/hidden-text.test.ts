import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasHiddenText, spelledByTags, stripHiddenText, withoutFormat } from './hidden-text.ts'

describe(stripHiddenText, () => {
  it.each([
    ['tag characters', 'read\u{e0041}\u{e0042} me', 'read me'],
    ['a bidirectional override', 'user\u202egnp.exe', 'usergnp.exe'],
    ['bidirectional isolates', 'a\u2066b\u2069', 'ab'],
    ['zero-width characters', 'pass\u200bword\u2060\ufeff', 'password'],
    ['joiners between letters of ASCII', 'pass\u200dword\u200c', 'password'],
    ['control characters', 'a\u0000b\u001b[31mc\u007f\u0085', 'ab[31mc'],
    ['soft hyphens and fillers', 'a\u00adb\u115fc\u3164', 'abc'],
    ['selectors that carry data', 'x\u{e0100}\u{e0101}\ufe01\ufe02', 'x'],
    ['a second selector after an emoji', '\u2764\ufe0f\ufe00\ufe01', '\u2764\ufe0f'],
  ])('leaves out %s', (_what, text, expected) => {
    expect(stripHiddenText(text)).toBe(expected)
    expect(hasHiddenText(text)).toBe(true)
  })

  it.each([
    ['tab and line ends', 'a\tb\r\nc'],
    ['letters of every script', 'Köln \u0416\u05d0\u4e2d\u0939\u0e01'],
    ['an emoji with its selector', 'I \u2764\ufe0f you'],
    ['a family of emoji', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'],
    ['a profession with a selector before the joiner', '\u{1f3f3}\ufe0f\u200d\u{1f308}'],
    ['a keycap', '1\ufe0f\u20e3'],
    ['a Persian word with its non-joiner', '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'],
    ['an Arabic number sign', '\u0600\u0661'],
  ])('keeps %s', (_what, text) => {
    expect(stripHiddenText(text)).toBe(text)
    expect(hasHiddenText(text)).toBe(false)
  })

  it('leaves nothing to leave out, and alters no plain text', () => {
    const text = fc.string({
      unit: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\u200d', '\ufe0f', '\u{e0041}', 'a', '\u2764')),
    })
    fc.assert(
      fc.property(text, (it) => {
        const stripped = stripHiddenText(it)
        expect(withoutFormat(stripped)).toBe(withoutFormat(it))
        expect(/[\u202a-\u202e\u2066-\u2069\u200b\u{e0000}-\u{e01ef}]/u.test(stripped)).toBe(false)
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (it) => {
        expect(stripHiddenText(it)).toBe(it)
      }),
    )
  })
})

describe(spelledByTags, () => {
  it('reads what tag characters spell', () => {
    const hidden = [...'ignore me'].map((char) => String.fromCodePoint(0xe0000 + char.charCodeAt(0))).join('')
    expect(spelledByTags(`visible${hidden}`)).toBe('ignore me')
    expect(spelledByTags('visible')).toBeUndefined()
  })
})

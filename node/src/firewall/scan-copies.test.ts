import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scanCopies } from './scan-copies.ts'

const texts = (text: string) => scanCopies(text).map((copy) => copy.text)
const base64 = (text: string) => Buffer.from(text).toString('base64')
const fullWidth = (text: string) => text.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0))
const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')

const SECRET = 'the secret words are here'

describe(scanCopies, () => {
  it('is the text alone for a plain text', () => {
    expect(texts('just some words')).toEqual(['just some words'])
  })

  it.each([
    ['compatibility characters', fullWidth(SECRET)],
    ['zero-width characters between', [...SECRET].join('\u200b')],
    ['tag characters', [...SECRET].map((char) => String.fromCodePoint(0xe0000 + char.charCodeAt(0))).join('')],
    ['percent-encoding', percent(SECRET)],
    ['percent-encoding twice', percent(percent(SECRET))],
    ['base64', base64(SECRET)],
    ['base64url without padding', Buffer.from(`${SECRET}??>>`).toString('base64url')],
    ['base64 in lines', base64(SECRET.repeat(6)).replace(/.{76}/g, '$&\r\n')],
    ['base64 behind a path', `/files/${base64(SECRET)}`],
    ['base64 behind one character', `x${base64(SECRET)}`],
    ['hex', Buffer.from(SECRET).toString('hex')],
    ['hex behind one digit', `f${Buffer.from(SECRET).toString('hex')}`],
    ['JSON with escapes', JSON.stringify({ a: SECRET }).replace('secret', '\\u0073\\u0065cret')],
    ['JSON with escapes behind other text', `data: {"a":"the \\u0073ecret words are here"}`],
    ['base64 of UTF-16', Buffer.from(SECRET, 'utf16le').toString('base64')],
    ['base64 of a percent-encoding', base64(percent(SECRET))],
    ['percent-encoding of base64', percent(base64(SECRET))],
    ['base64 of compatibility characters', base64(fullWidth(SECRET))],
    ['compatibility characters of base64', fullWidth(base64(SECRET))],
    ['JSON with escapes in base64', base64('{"a":"the \\u0073ecret words are here"}')],
    ['base64 with escapes in JSON', `{"a":"\\u0064${base64(SECRET).slice(1)}"}`],
  ])('shows what is written in %s', (_how, text) => {
    expect(texts(text).some((copy) => copy.includes(SECRET))).toBe(true)
  })

  it('has one form for identifiers, which decode to nothing', () => {
    expect(texts('6f1c2d3e-1111-4222-8333-444455556666')).toHaveLength(1)
    expect(texts('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08')).toHaveLength(1)
  })

  it('gives up on a text whose forms grow beyond all bounds, which blocks it', () => {
    // One character that folds to eighteen.
    expect(() => scanCopies('\ufdfa'.repeat(100_000))).not.toThrow()
    const runs = Array.from({ length: 40_000 }, (_, at) => percent(base64(`${at}`.padEnd(24, '%41')))).join(' ')
    const total = () => texts(runs).reduce((sum, text) => sum + text.length, 0)
    try {
      expect(total()).toBeLessThanOrEqual(runs.length * 32 + 65_536)
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError)
    }
  })

  it('holds together at most 32 times the text, or refuses', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map(base64),
      fc.string().map(percent),
      fc.constant('\ufdfa'),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const text = parts.join('')
        const sum = texts(text).reduce((total, copy) => total + copy.length, 0)
        expect(sum).toBeLessThanOrEqual(text.length * 32 + 65_536)
      }),
    )
  })
})

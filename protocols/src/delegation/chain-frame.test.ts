import { describe, expect, it } from 'vitest'
import { decodeChain, encodeChain } from './chain-frame.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe(decodeChain, () => {
  it('reads what was encoded', () => {
    for (const links of [[], ['a.b.c'], ['a.b.c', 'd.e.f', 'g.h.i', 'j.k.l']]) {
      expect(decodeChain(encodeChain(links) ?? bytes('?'))).toEqual(links)
    }
  })

  it.each([
    ['five links', Array.from({ length: 5 }, () => 'a.b.c').join('\n')],
    ['a newline at the end', 'a.b.c\n'],
    ['an empty line', 'a.b.c\n\nd.e.f'],
    ['another line end', 'a.b.c\r\nd.e.f'],
    ['what is no JWS', 'a.b'],
    ['a space', 'a.b.c '],
    ['more than a frame holds', `a.b.${'c'.repeat(8_192)}`],
    ['what is no ASCII', 'a.b.ç'],
  ])('refuses %s', (_what, text) => {
    expect(decodeChain(bytes(text))).toBeUndefined()
  })

  it('makes no frame of more than travels', () => {
    expect(encodeChain([`a.b.${'c'.repeat(8_192)}`])).toBeUndefined()
    expect(encodeChain(Array.from({ length: 5 }, () => 'a.b.c'))).toBeUndefined()
  })
})

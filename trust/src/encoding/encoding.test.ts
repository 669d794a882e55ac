import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAlphabet, decodeBase64url, encodeBase64url } from './base64url.ts'
import { commitTo, sha256, taggedHash } from './hash.ts'
import { newSalt, randomId } from './random.ts'

const b64u = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

describe('base64url', () => {
  it('gives back every byte string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeBase64url(encodeBase64url(bytes))).toEqual(bytes)
      }),
    )
  })

  it('encodes a view, not the buffer behind it', () => {
    expect(encodeBase64url(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))).toBe('AgM')
  })

  it.each([
    ['padding', 'AA=='],
    ['bits behind the last byte', 'AB'],
    ['a length that no bytes have', 'A'],
    ['the other alphabet', '+/8'],
    ['a space inside', 'AA AA'],
    ['a line feed at the end', 'AAAA\n'],
    ['a character outside ASCII', 'AAAÄ'],
    ['a null character', 'AAAA\0'],
  ])('refuses %s', (_what, text) => {
    expect(decodeBase64url(text)).toBeUndefined()
  })

  it('reads text of its alphabet the same way when it is known to be that', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{0,200}$/), (text) => {
        expect(decodeAlphabet(text)).toEqual(decodeBase64url(text))
      }),
    )
    for (const text of ['', 'A', 'AA', 'AB', 'Ag', 'Aw', 'Ax', 'AAE', 'AAF', 'AA8', 'AA9', 'AAAA', 'AAAAA'])
      expect(decodeAlphabet(text), text).toEqual(decodeBase64url(text))
  })

  it('takes one text for each byte string and no other', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_=+/ -]{0,12}$/), (text) => {
        const bytes = decodeBase64url(text)
        expect(bytes === undefined || encodeBase64url(bytes) === text).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('hashes', () => {
  it('hashes the parts one after another', () => {
    const whole = createHash('sha256').update('abc').digest()
    expect(Buffer.from(sha256('a', Buffer.from('b'), 'c')).equals(whole)).toBe(true)
    expect(Buffer.from(sha256('abc')).toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  it('puts the tag of the kind before the bytes, also when they are text', () => {
    const expected = b64u(sha256('hansa/manifest/v1\n', 'ü'))
    expect(taggedHash('manifest', Buffer.from('ü'))).toBe(expected)
    expect(taggedHash('manifest', 'ü')).toBe(expected)
  })

  it('gives the same bytes another hash under another kind', () => {
    expect(taggedHash('intent', 'x')).not.toBe(taggedHash('receipt', 'x'))
  })

  it('commits to salt and bytes', () => {
    const salt = newSalt()
    expect(commitTo(salt, Buffer.from('1234'))).toBe(b64u(sha256(salt, '1234')))
    expect(commitTo(newSalt(), Buffer.from('1234'))).not.toBe(commitTo(salt, Buffer.from('1234')))
  })
})

describe('random values', () => {
  it('makes ids of 128 bits and salts of 32 bytes, new each time', () => {
    expect(randomId()).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(randomId()).not.toBe(randomId())
    for (let n = 0; n < 2_000; n++) expect(randomId().startsWith('-')).toBe(false)
    expect(newSalt()).toHaveLength(32)
    expect(newSalt()).not.toEqual(newSalt())
  })
})

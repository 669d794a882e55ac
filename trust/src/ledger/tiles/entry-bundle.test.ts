import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBundle, readBundle } from './entry-bundle.ts'
import { parseTilePath, tilePath } from './tile-path.ts'

const entry = fc.uint8Array({ minLength: 1, maxLength: 400 })

describe('a tile of entries', () => {
  it('is each entry behind its length in two bytes, the high one first', () => {
    const bundle = encodeBundle([Buffer.from('ab'), Buffer.alloc(258, 'x')])
    expect([...bundle.subarray(0, 6)]).toEqual([0, 2, 0x61, 0x62, 1, 2])
    expect(bundle).toHaveLength(2 + 2 + 2 + 258)
  })

  it('is read back as the entries that were put in', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 256 }), (entries) => {
        const bundle = encodeBundle(entries)
        const read = readBundle(bundle, 256)
        expect(read.end).toBe(bundle.length)
        expect(read.entries.map((one) => Uint8Array.from(one))).toEqual(entries)
      }),
    )
  })

  it('takes the largest entry, and none that is larger', () => {
    expect(readBundle(encodeBundle([Buffer.alloc(65_535, 1)]), 1).entries[0]).toHaveLength(65_535)
    expect(() => encodeBundle([Buffer.alloc(65_536, 1)])).toThrow(RangeError)
  })

  it('is read as far as it goes, whatever mallory has put there', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(300), (bytes, count) => {
        const bundle = Buffer.from(bytes)
        const { entries, end } = readBundle(bundle, count)
        expect(entries.length).toBeLessThanOrEqual(count)
        expect(bundle.subarray(0, end).equals(encodeBundle(entries))).toBe(true)
      }),
    )
  })

  it.each([
    ['an entry that is cut off', [0, 5, 1, 2]],
    ['half a length', [0]],
    ['an entry without bytes', [0, 0, 0, 1, 9]],
  ])('ends at %s', (_what, bytes) => {
    expect(readBundle(Buffer.from(bytes), 256)).toEqual({ entries: [], end: 0 })
  })
})

describe('a path', () => {
  it('is a tile in one spelling or none at all, whatever is asked for', () => {
    const piece = fc.constantFrom(
      'tile',
      'entries',
      '0',
      '63',
      '64',
      'x001',
      'x000',
      '000',
      '001',
      '1',
      '.p',
      '.p/',
      '/',
      '..',
      '256',
      '255',
      '%2e',
      '\0',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 80 }),
          fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
        ),
        (path) => {
          const tile = parseTilePath(path)
          if (tile !== undefined) expect(tilePath(tile)).toBe(path)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

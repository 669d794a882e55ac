import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  entriesUnder,
  hashesOfLevel,
  parseTilePath,
  TILE_WIDTH,
  type Tile,
  tileLevels,
  tilePath,
  tileWidths,
} from './tile-path.ts'

const widthsOf = (level: number, size: number) => [...tileWidths(hashesOfLevel(level, size))].map(({ width }) => width)

describe(tilePath, () => {
  it.each<[Tile, string]>([
    [{ kind: 'hashes', level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ kind: 'hashes', level: 2, index: 1_234_067, width: 256 }, 'tile/2/x001/x234/067'],
    [{ kind: 'hashes', level: 63, index: 1000, width: 17 }, 'tile/63/x001/000.p/17'],
    [{ kind: 'entries', index: 999, width: 1 }, 'tile/entries/999.p/1'],
  ])('of %j is %s, and back', (tile, path) => {
    expect(tilePath(tile)).toBe(path)
    expect(parseTilePath(path)).toEqual(tile)
  })

  it('is read back as what it was written for', () => {
    const tile = fc.record({
      kind: fc.constant('hashes' as const),
      level: fc.nat(63),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    })
    fc.assert(
      fc.property(tile, (one) => {
        expect(parseTilePath(tilePath(one))).toEqual(one)
      }),
    )
  })

  it.each([
    '',
    'tile',
    'checkpoint',
    'tile/0',
    'tile/0/0',
    'tile/0/00',
    'tile/0/0000',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/x000/000',
    'tile/0/001/000',
    'tile/0/x001/x000',
    'tile/0/000.p/0',
    'tile/0/000.p/00',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/',
    'tile/0/000.p',
    'tile/0/000/',
    '/tile/0/000',
    'tile//0/000',
    'tile/0/../000',
    'tile/entries/../../keys',
    'tile/Entries/000',
    'tile/0/٠٠٠',
    'tile/0/000\n',
    `tile/0/${'x999/'.repeat(6)}999`,
    `tile/0/${'x001/'.repeat(40)}000`,
  ])('is never %j', (path) => {
    expect(parseTilePath(path)).toBeUndefined()
  })
})

describe('the tiles of a tree', () => {
  it('are those of the example in the specification, 70,000 entries', () => {
    expect(widthsOf(0, 70_000)).toEqual([...Array(273).fill(256), 112])
    expect(widthsOf(1, 70_000)).toEqual([256, 17])
    expect(widthsOf(2, 70_000)).toEqual([1])
    expect(tileLevels(70_000)).toBe(3)
  })

  it('of 256 entries are a full one and one hash above it', () => {
    expect(widthsOf(0, 256)).toEqual([256])
    expect(widthsOf(1, 256)).toEqual([1])
  })

  it('are none without entries', () => {
    expect(tileLevels(0)).toBe(0)
    expect(widthsOf(0, 0)).toEqual([])
  })

  it('need as many entries as their last hash stands over', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.nat(4), (size, level) => {
        const last = [
          ...tileWidths(hashesOfLevel(level, size), Math.floor(hashesOfLevel(level, size) / TILE_WIDTH)),
        ].at(-1)
        if (last === undefined) return
        const tile: Tile = { kind: 'hashes', level, ...last }
        expect(entriesUnder(tile)).toBeLessThanOrEqual(size)
        expect(entriesUnder({ ...tile, width: last.width + 1 })).toBeGreaterThan(size)
      }),
    )
  })
})

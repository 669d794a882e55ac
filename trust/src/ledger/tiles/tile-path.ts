/**
 * Names of the resources of a tiled log, as https://c2sp.org/tlog-tiles spells them: `tile/<L>/<N>[.p/<W>]` for hashes,
 * `tile/entries/<N>[.p/<W>]` for entries. One spelling for each tile; anything else names none.
 */

/** Hashes, or entries, in a full tile. */
export const TILE_WIDTH = 256
/** Levels of a tile; the tree has eight times as many. */
export const TILE_LEVEL_BITS = 8
const MAX_LEVEL = 63
/** `x` and three digits for each thousand of the largest index, and what stands around them. */
const MAX_PATH_CHARS = 64

/** Path of the last signed checkpoint. */
export const CHECKPOINT_PATH = 'checkpoint'

/** Level 0 holds leaf hashes; `width` is 256 for a full tile and less for the rightmost one of its level. */
export type HashTile = { kind: 'hashes'; level: number; index: number; width: number }
export type EntryTile = { kind: 'entries'; index: number; width: number }
export type Tile = HashTile | EntryTile

export function tilePath(tile: Tile): string {
  const level = tile.kind === 'entries' ? 'entries' : String(tile.level)
  const suffix = tile.width === TILE_WIDTH ? '' : `.p/${tile.width}`
  return `tile/${level}/${indexPath(tile.index)}${suffix}`
}

/** @returns undefined for anything that `tilePath` does not write. */
export function parseTilePath(path: string): Tile | undefined {
  if (path.length > MAX_PATH_CHARS) return undefined
  const parts = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path)
  if (parts === null) return undefined
  const [, level = '', digits = '', width] = parts
  const index = Number(digits.replaceAll(/[x/]/g, ''))
  const common = { index, width: width === undefined ? TILE_WIDTH : Number(width) }
  const tile: Tile =
    level === 'entries' ? { kind: 'entries', ...common } : { kind: 'hashes', level: Number(level), ...common }
  if (!Number.isSafeInteger(index) || (tile.kind === 'hashes' && tile.level > MAX_LEVEL)) return undefined
  return tilePath(tile) === path ? tile : undefined
}

/** Entries that a log has to hold for this tile to exist. Beyond all safe integers it is inexact, and still too many. */
export function entriesUnder(tile: Tile): number {
  const each = tile.kind === 'entries' ? 1 : TILE_WIDTH ** tile.level
  return (tile.index * TILE_WIDTH + tile.width) * each
}

/** Hashes of one level of tiles in a tree of `size` leaves. */
export function hashesOfLevel(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level)
}

/** Levels of tiles that a tree of `size` leaves has. */
export function tileLevels(size: number): number {
  let levels = 0
  while (hashesOfLevel(levels, size) > 0) levels++
  return levels
}

/** Widths of the tiles that hold the first `count` hashes or entries, from tile `from` on; the last may be partial. */
export function* tileWidths(count: number, from = 0): Generator<{ index: number; width: number }> {
  for (let index = from; index * TILE_WIDTH < count; index++) {
    yield { index, width: Math.min(TILE_WIDTH, count - index * TILE_WIDTH) }
  }
}

/** 1234067 is `x001/x234/067`. */
function indexPath(index: number): string {
  const digits = String(index)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const groups = padded.match(/.{3}/g) ?? []
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/')
}

/** Where the content of a tile may stand, and how it is read: a full tile holds what its partial ones held. */
import { HASH_BYTES } from '../../merkle/hashing.ts'
import { rootOf } from '../../merkle/tree.ts'
import type { TileFiles } from './tile-files.ts'
import { type HashTile, TILE_WIDTH, tilePath } from './tile-path.ts'

export type Place = {
  path: string
  /** Whether the file holds nothing but this: not so where a full tile stands in for a partial one. */
  whole: boolean
}

/** Paths of a tile of entries, the better one first. */
export function bundleAt(index: number, width: number): Place[] {
  const own = { path: tilePath({ kind: 'entries', index, width }), whole: true }
  const full = { path: tilePath({ kind: 'entries', index, width: TILE_WIDTH }), whole: false }
  return width === TILE_WIDTH ? [own] : [own, full]
}

/** Hashes of a tile; undefined when it is not there, or too short to hold them. */
export async function hashesAt(files: TileFiles, tile: HashTile): Promise<Uint8Array[] | undefined> {
  const own = await files.read(tilePath(tile))
  const bytes =
    own ?? (tile.width === TILE_WIDTH ? undefined : await files.read(tilePath({ ...tile, width: TILE_WIDTH })))
  return bytes === undefined || bytes.length < tile.width * HASH_BYTES ? undefined : hashesIn(bytes, tile.width)
}

/** The first `count` hashes of a tile. */
export function hashesIn(bytes: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES))
}

/** What is left over at the right of each level, lowest first: each is one more hash, of a smaller tree, of the next. */
export function rootOfEdge(edge: readonly Uint8Array[][]): Uint8Array {
  let right: Uint8Array[] = []
  for (const hashes of edge) {
    const all = [...hashes, ...right]
    right = all.length === 0 ? [] : [rootOf(all)]
  }
  return right[0] ?? rootOf([])
}

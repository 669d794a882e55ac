/**
 * Checks the tiles of a static tiled log among themselves: each gives the hash that the level above has for it, those at
 * the right edge give the root of the checkpoint, and those of level 0 are the hashes of the entries. What the entries
 * say, and who signed the checkpoint, is for the verifier of the log.
 */
import { LRUCache } from 'lru-cache'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { HASH_BYTES, leafHash, sameHash } from '../../merkle/hashing.ts'
import { rootOf } from '../../merkle/tree.ts'
import { unverifiedCheckpoint } from '../checkpoint.ts'
import type { FaultList } from '../fault-list.ts'
import type { LogFaultCode } from '../report.ts'
import { readBundle } from './entry-bundle.ts'
import { bundleAt, hashesAt, rootOfEdge } from './tile-contents.ts'
import type { TileFiles } from './tile-files.ts'
import {
  CHECKPOINT_PATH,
  type EntryTile,
  entriesUnder,
  type HashTile,
  hashesOfLevel,
  parseTilePath,
  TILE_WIDTH,
  type Tile,
  tileLevels,
  tilePath,
  tileWidths,
} from './tile-path.ts'

/** Tiles that were read last: every hash of one stands for a tile below it. */
const MAX_KEPT = 16

/** @returns what is worth knowing and no fault. */
export async function checkTiles(files: TileFiles, faults: FaultList): Promise<string[]> {
  const note = await files.read(CHECKPOINT_PATH)
  const head = note && unverifiedCheckpoint(Buffer.from(note).toString('utf8'))
  // What is wrong with the checkpoint is the verifier's to say.
  if (head === undefined) return []
  const check = new TilesCheck(files, head.size, faults)
  await check.all(head.root)
  return check.remarks
}

class TilesCheck {
  readonly remarks: string[] = []
  readonly #files: TileFiles
  readonly #size: number
  readonly #faults: FaultList
  /** Every tile that is there, by what it holds: several widths of one are allowed. */
  readonly #there = new Map<string, Tile[]>()
  readonly #kept = new LRUCache<string, { hashes: Uint8Array[] | undefined }>({ max: MAX_KEPT })

  constructor(files: TileFiles, size: number, faults: FaultList) {
    this.#files = files
    this.#size = size
    this.#faults = faults
  }

  async all(root: string): Promise<void> {
    const files = await this.#survey()
    const tiles = Math.ceil(this.#size / TILE_WIDTH)
    // What a checkpoint claims has no bound; what is looked for has that of the files.
    if (tiles > files) {
      const text = `it covers ${this.#size} entries, which take ${tiles} tiles of hashes; there are ${files} files`
      this.#fault('tile_missing', CHECKPOINT_PATH, 0, 0, text)
      return
    }
    const edge: (Uint8Array[] | undefined)[] = []
    for (let level = 0; level < tileLevels(this.#size); level++) edge.push(await this.#level(level))
    if (!edge.includes(undefined) && encodeBase64url(rootOfEdge(edge as Uint8Array[][])) !== root) {
      this.#fault('root_mismatch', CHECKPOINT_PATH, 0, 0, 'the tiles do not give the root of the checkpoint')
    }
    await this.#bundles()
  }

  /** @returns how many files there are below `tile/`. */
  async #survey(): Promise<number> {
    const [strange, beyond]: [string[], string[]] = [[], []]
    const paths = (await this.#files.list()).filter((path) => path.startsWith('tile/'))
    for (const path of paths) {
      const tile = parseTilePath(path)
      if (tile === undefined) strange.push(path)
      else if (entriesUnder({ ...tile, width: 1 }) > this.#size) beyond.push(path)
      else this.#there.set(nameOf(tile), [...(this.#there.get(nameOf(tile)) ?? []), tile])
    }
    if (strange.length > 0) this.remarks.push(`${strange[0]} is no tile, and neither are ${strange.length - 1} others`)
    if (beyond.length > 0) {
      this.remarks.push(
        `${beyond[0]} and ${beyond.length - 1} others are of entries that the checkpoint does not cover`,
      )
    }
    return paths.length
  }

  /** @returns the hashes of the rightmost tile, none when it is full; undefined when they cannot be read. */
  async #level(level: number): Promise<Uint8Array[] | undefined> {
    let edge: Uint8Array[] | undefined = []
    for (const { index, width } of tileWidths(hashesOfLevel(level, this.#size))) {
      const tile: HashTile = { kind: 'hashes', level, index, width }
      const hashes = await this.#hashes(tile)
      if (hashes === undefined) this.#missing(tile)
      else await this.#checkWidths(tile, hashes)
      if (width < TILE_WIDTH) edge = hashes
      else if (hashes !== undefined) await this.#checkAbove(tile, hashes)
    }
    return edge
  }

  async #checkAbove(tile: HashTile, hashes: readonly Uint8Array[]): Promise<void> {
    const at = tile.index % TILE_WIDTH
    const index = Math.floor(tile.index / TILE_WIDTH)
    const level = tile.level + 1
    const width = Math.min(TILE_WIDTH, hashesOfLevel(level, this.#size) - index * TILE_WIDTH)
    const parent: HashTile = { kind: 'hashes', level, index, width }
    const above = (await this.#hashes(parent))?.[at]
    if (above === undefined || sameHash(rootOf(hashes), above)) return
    const text = `it does not give hash ${at} of ${tilePath(parent)}`
    this.#fault('hash_mismatch', tilePath(tile), 0, firstEntry(tile), text)
  }

  /** What the tile, and every narrower one of it that is still there, holds besides these hashes. */
  async #checkWidths(tile: HashTile, hashes: readonly Uint8Array[]): Promise<void> {
    for (const other of this.#there.get(nameOf(tile)) ?? []) {
      const path = tilePath(other)
      const bytes = Buffer.from((await this.#files.read(path)) ?? [])
      const expected = Buffer.concat(hashes.slice(0, other.width))
      const at = firstDifference(bytes, expected)
      const rest = bytes.length - other.width * HASH_BYTES
      if (rest !== 0)
        this.#fault('unexpected_bytes', path, bytes.length, firstEntry(tile), `it has ${rest} bytes more than hashes`)
      else if (at < expected.length) {
        this.#fault('hash_mismatch', path, at, firstEntry(tile), 'it holds other hashes than the tile of another width')
      }
    }
  }

  async #bundles(): Promise<void> {
    const any = [...this.#there.keys()].some((name) => name.startsWith('entries/'))
    if (!any) return
    for (const { index, width } of tileWidths(this.#size)) {
      const expected: EntryTile = { kind: 'entries', index, width }
      const there = this.#there.get(nameOf(expected)) ?? []
      const paths = new Set(there.map(tilePath))
      if (!bundleAt(index, width).some(({ path }) => paths.has(path))) this.#missing(expected)
      const leaves = await this.#hashes({ kind: 'hashes', level: 0, index, width })
      for (const tile of there) await this.#checkBundle(tile, width, leaves)
    }
  }

  /** @param signed how many of its entries are under the checkpoint */
  async #checkBundle(tile: Tile, signed: number, leaves: readonly Uint8Array[] | undefined): Promise<void> {
    const path = tilePath(tile)
    const bytes = Buffer.from((await this.#files.read(path)) ?? [])
    const { entries, end } = readBundle(bytes, tile.width)
    const first = firstEntry(tile)
    if (entries.length < tile.width) {
      const seq = first + entries.length
      this.#fault('record_damaged', path, end, seq, `entry ${seq} cannot be read at byte ${end} of ${path}`)
    } else if (end < bytes.length) {
      this.#fault('unexpected_bytes', path, end, first, `${bytes.length - end} bytes stand behind its last entry`)
    }
    const known = entries.slice(0, signed)
    const wrong = known.findIndex((entry, at) => leaves?.[at] !== undefined && !sameHash(leafHash(entry), leaves[at]))
    if (wrong < 0) return
    const hashes: Tile = { kind: 'hashes', level: 0, index: tile.index, width: Math.min(signed, TILE_WIDTH) }
    const text = `entry ${first + wrong} does not have the hash that stands in ${tilePath(hashes)}`
    this.#fault('hash_mismatch', path, 0, first + wrong, text)
  }

  async #hashes(tile: HashTile): Promise<Uint8Array[] | undefined> {
    const name = `${tilePath(tile)}`
    const kept = this.#kept.get(name)
    if (kept !== undefined) return kept.hashes
    const hashes = await hashesAt(this.#files, tile)
    this.#kept.set(name, { hashes })
    return hashes
  }

  #missing(tile: Tile): void {
    this.#fault('tile_missing', tilePath(tile), 0, firstEntry(tile), 'it is not there, or cut off')
  }

  #fault(code: LogFaultCode, file: string, offset: number, seq: number, what: string): void {
    this.#faults.add({ code, file, offset, seq, text: `${file}: ${what}` })
  }
}

function nameOf(tile: Tile): string {
  return `${tile.kind === 'entries' ? 'entries' : tile.level}/${tile.index}`
}

function firstEntry(tile: Tile): number {
  return entriesUnder({ ...tile, width: 0 })
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  let at = 0
  while (at < a.length && at < b.length && a[at] === b[at]) at++
  return at
}

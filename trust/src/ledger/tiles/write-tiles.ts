/**
 * Writes a log as a static tiled log, which any web server can give out (https://c2sp.org/tlog-tiles). Goes on where the
 * checkpoint that is there ends; the new checkpoint comes last, so that a reader never holds one whose tiles are missing.
 */
import { encodeBase64url } from '../../encoding/base64url.ts'
import { HASH_BYTES, leafHash, sameHash } from '../../merkle/hashing.ts'
import { rootOf } from '../../merkle/tree.ts'
import { unverifiedCheckpoint } from '../checkpoint.ts'
import { EntryPositions } from '../entry-positions.ts'
import { LedgerError } from '../errors.ts'
import type { LogDirectory } from '../log-disk.ts'
import { CHECKPOINT_FILE } from '../log-files.ts'
import { corrupt } from '../record-files.ts'
import { HASHES_FILE, hashReader, type ReadHash, storedIndex, storedRoot } from '../stored-hashes.ts'
import { encodeBundle } from './entry-bundle.ts'
import { type LogTiles, logTiles, type SignedHead } from './log-tiles.ts'
import { hashesIn } from './tile-contents.ts'
import type { TileStore } from './tile-files.ts'
import {
  CHECKPOINT_PATH,
  type HashTile,
  hashesOfLevel,
  TILE_LEVEL_BITS,
  TILE_WIDTH,
  type Tile,
  tileLevels,
  tilePath,
  tileWidths,
} from './tile-path.ts'

/** Files on their way to the disk: they are synced together. */
const PUTS_AT_ONCE = 16

export type WriteTilesInit = {
  /** Leaves the entries out, which tell who called what. @default false */
  hashesOnly?: boolean
  /** Told how many files of how many are written, now and then. */
  progress?(written: number, all: number): void
}

export type WrittenTiles = {
  origin: string
  /** Entries under the checkpoint that was written. */
  size: number
  /** base64url. */
  root: string
  /** Entries under the checkpoint that was there before; 0 when there was none. */
  before: number
  hashTiles: number
  entryTiles: number
  bytes: number
}

/**
 * @throws LedgerError `log_missing` when nothing was signed yet; `log_corrupt` for what is not what was signed;
 * `tiles_foreign` when the place holds anything but an earlier state of this log
 */
export async function writeTiles(
  directory: LogDirectory,
  store: TileStore,
  init: WriteTilesInit = {},
): Promise<WrittenTiles> {
  const tiles = logTiles(directory)
  const signed = await tiles.checkpoint()
  if (signed === undefined || signed.head.size === 0) {
    const message = `Nothing was signed in ${directory.label} yet.`
    throw new LedgerError({ code: 'log_missing', directory: directory.label }, message)
  }
  const { head, note } = signed
  const readHash = hashReader(directory)
  if (!(await hasRoot(readHash, head))) throw corrupt(HASHES_FILE, 0, head.size)
  const before = await checkedBefore(store, readHash, signed)
  const writer = new TileWriter({ directory, store, tiles, readHash, size: head.size, before, init })
  const written = await writer.write()
  await putCheckpoint(store, Buffer.from(note))
  await writer.removeReplaced()
  return { ...head, before, ...written }
}

async function putCheckpoint(store: TileStore, note: Buffer): Promise<void> {
  const there = await store.read(CHECKPOINT_PATH)
  if (there === undefined || !note.equals(there)) await store.put(CHECKPOINT_PATH, note)
}

/** False also where hashes are missing. */
async function hasRoot(readHash: ReadHash, { size, root }: { size: number; root: string }): Promise<boolean> {
  try {
    return encodeBase64url(await storedRoot(readHash, 0, size)) === root
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** Size of the tree that the place holds already, which this log has to extend. */
async function checkedBefore(store: TileStore, readHash: ReadHash, { head }: SignedHead): Promise<number> {
  const bytes = await store.read(CHECKPOINT_PATH)
  if (bytes === undefined) return 0
  const foreign = (reason: string) => {
    const message = `${store.label} holds something else: ${reason}. Nothing was written; choose another directory.`
    return new LedgerError({ code: 'tiles_foreign', directory: store.label, reason }, message)
  }
  const there = unverifiedCheckpoint(Buffer.from(bytes).toString('utf8'))
  if (there === undefined) throw foreign(`its ${CHECKPOINT_FILE} is none`)
  if (there.origin !== head.origin) throw foreign(`the log ${there.origin}`)
  if (there.size > head.size) throw foreign(`${there.size} entries, and this log has ${head.size}`)
  if (there.size > 0 && !(await hasRoot(readHash, there))) throw foreign('another history of this log')
  return there.size
}

type TileWriterInit = {
  directory: LogDirectory
  store: TileStore
  tiles: LogTiles
  readHash: ReadHash
  size: number
  before: number
  init: WriteTilesInit
}

class TileWriter {
  readonly #init: TileWriterInit
  readonly #puts: Promise<void>[] = []
  readonly #replaced: string[] = []
  readonly #all: number
  #written = 0
  #bytes = 0

  constructor(init: TileWriterInit) {
    this.#init = init
    const { size, before, init: options } = init
    const entries = options.hashesOnly === true ? [] : [...tileWidths(size, Math.floor(before / TILE_WIDTH))]
    this.#all = this.#hashTiles().length + entries.length
  }

  async write(): Promise<{ hashTiles: number; entryTiles: number; bytes: number }> {
    const hashTiles = this.#hashTiles()
    for (const tile of hashTiles) await this.#put(tile, await this.#hashes(tile))
    const before = this.#written
    if (this.#init.init.hashesOnly !== true) await this.#entries()
    await this.#settle()
    return { hashTiles: before, entryTiles: this.#written - before, bytes: this.#bytes }
  }

  /** Partial tiles are kept until the full one is there: an older checkpoint may still be in somebody's hands. */
  async removeReplaced(): Promise<void> {
    for (const path of this.#replaced) await this.#init.store.remove(path)
  }

  #hashTiles(): HashTile[] {
    const { size, before } = this.#init
    const tiles: HashTile[] = []
    for (let level = 0; level < tileLevels(size); level++) {
      if (hashesOfLevel(level, before) === hashesOfLevel(level, size)) continue
      const from = Math.floor(hashesOfLevel(level, before) / TILE_WIDTH)
      for (const { index, width } of tileWidths(hashesOfLevel(level, size), from)) {
        tiles.push({ kind: 'hashes', level, index, width })
      }
    }
    return tiles
  }

  /** The hashes of a tile have to give those above them, up to the root. */
  async #hashes(tile: HashTile): Promise<Uint8Array> {
    const { tiles, readHash, size } = this.#init
    const bytes = await tiles.tile(tile)
    if (bytes === undefined) throw corrupt(CHECKPOINT_FILE, 0, size)
    const each = TILE_WIDTH ** tile.level
    const first = tile.index * TILE_WIDTH * each
    const above = await storedRoot(readHash, first, first + tile.width * each)
    if (sameHash(rootOf(hashesIn(bytes, tile.width)), above)) return bytes
    throw corrupt(HASHES_FILE, storedIndex(tile.level * TILE_LEVEL_BITS, tile.index * TILE_WIDTH) * HASH_BYTES, first)
  }

  async #entries(): Promise<void> {
    const { directory, size } = this.#init
    const from = await this.#firstBundle()
    // The last tile says that all of them are there: while they are taken in later, it must not overtake one.
    const inOrder = from === 0 && this.#init.before > 0
    let bundle: Uint8Array[] = []
    let index = from
    for await (const { number, bytes } of new EntryPositions(directory).records(from * TILE_WIDTH, size)) {
      bundle.push(Uint8Array.from(bytes))
      if (bundle.length < TILE_WIDTH && number !== size - 1) continue
      await this.#checkLeaves(index, bundle)
      await this.#put({ kind: 'entries', index, width: bundle.length }, encodeBundle(bundle))
      if (inOrder) await this.#settle()
      bundle = []
      index++
    }
  }

  /** Where tiles without entries were written before, the entries begin at the first one. */
  async #firstBundle(): Promise<number> {
    const { store, before, size } = this.#init
    const last = [...tileWidths(before, Math.max(0, Math.ceil(before / TILE_WIDTH) - 1))].at(-1)
    if (last === undefined) return 0
    const there = await store.size(tilePath({ kind: 'entries', ...last }))
    if (there === undefined) return 0
    return before === size ? last.index + 1 : Math.floor(before / TILE_WIDTH)
  }

  async #checkLeaves(index: number, entries: readonly Uint8Array[]): Promise<void> {
    const bytes = await this.#init.tiles.tile({ kind: 'hashes', level: 0, index, width: entries.length })
    const hashes = hashesIn(bytes ?? new Uint8Array(), bytes === undefined ? 0 : entries.length)
    const wrong = entries.findIndex((entry, at) => !sameHash(leafHash(entry), hashes[at] ?? new Uint8Array()))
    if (wrong >= 0) throw corrupt(HASHES_FILE, 0, index * TILE_WIDTH + wrong)
  }

  async #put(tile: Tile, bytes: Uint8Array): Promise<void> {
    if (tile.width === TILE_WIDTH && this.#init.before > 0) this.#replaced.push(`${tilePath(tile)}.p`)
    const put = this.#init.store.put(tilePath(tile), bytes)
    // It is waited for with the others; until then its failure has a listener.
    put.catch(() => {})
    this.#puts.push(put)
    this.#written++
    this.#bytes += bytes.length
    if (this.#puts.length < PUTS_AT_ONCE) return
    await this.#settle()
    this.#init.init.progress?.(this.#written, Math.max(this.#all, this.#written))
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#puts)
    this.#puts.length = 0
  }
}

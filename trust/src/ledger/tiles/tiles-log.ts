/**
 * A static tiled log, seen as a log directory, so that the one verifier reads both. Each tile of entries becomes a file
 * of records, and the checkpoint a history of one; where something is wrong with them is told by the path of the tile.
 * What no record is made of, the tiles of hashes and what else lies there, is checked by `checkTiles`.
 *
 * It is made of the files that are there, and not of what the checkpoint claims, which has no bound.
 */
import { LRUCache } from 'lru-cache'
import { unverifiedCheckpoint } from '../checkpoint.ts'
import type { LogDirectory, Underlying } from '../log-disk.ts'
import { CHECKPOINT_FILE, CHECKPOINTS, COSIGNED_FILE, ENTRIES } from '../log-files.ts'
import { encodeRecord, MAX_RECORD_BYTES, RECORD_HEADER_BYTES } from '../record.ts'
import { firstOf, recordFileName } from '../record-files.ts'
import { checkTiles } from './check-tiles.ts'
import { LENGTH_BYTES, readBundle } from './entry-bundle.ts'
import type { TileFiles } from './tile-files.ts'
import { CHECKPOINT_PATH, entriesUnder, parseTilePath, TILE_WIDTH, tilePath } from './tile-path.ts'

/** Tiles that were read last: a file of records is read in parts. */
const MAX_KEPT = 4

export function tilesLog(files: TileFiles): LogDirectory & { underlying: Underlying } {
  const log = new TilesLog(files)
  return {
    label: files.label,
    list: () => log.list(),
    size: (name) => log.size(name),
    read: async (name, from, to) => Uint8Array.from((await log.file(name))?.subarray(from, to) ?? []),
    underlying: {
      place: (name, offset) => log.place(name, offset),
      check: (faults) => checkTiles(files, faults),
    },
  }
}

/** A file that entries are read out of. */
type Bundle = {
  path: string
  first: number
  /** Entries that are read. */
  count: number
  /** Whether nothing may follow them: not so in a wider tile than the checkpoint needs. */
  whole: boolean
}

type Contents = {
  note: string | undefined
  /** Whether others than the log signed it too. */
  cosigned: boolean
  /** What the note says; undefined when it holds no checkpoint. */
  size: number | undefined
  /** By the number of the first entry, in order. */
  bundles: Map<number, Bundle>
}

class TilesLog {
  readonly #files: TileFiles
  readonly #kept = new LRUCache<string, Buffer>({ max: MAX_KEPT })
  /** As it was when it was first looked at: what is added meanwhile is not verified. */
  #contents: Promise<Contents> | undefined

  constructor(files: TileFiles) {
    this.#files = files
  }

  async list(): Promise<string[]> {
    const { note, cosigned, size, bundles } = await this.#seen()
    return [
      ...(note === undefined ? [] : [CHECKPOINT_FILE]),
      ...(cosigned ? [COSIGNED_FILE] : []),
      ...(size === undefined ? [] : [recordFileName(CHECKPOINTS, size)]),
      ...[...bundles.keys()].map((first) => recordFileName(ENTRIES, first)),
    ]
  }

  /** Known without reading a tile that is read whole: each record has as many bytes more. */
  async size(name: string): Promise<number | undefined> {
    const bundle = await this.#bundle(name)
    if (bundle?.whole !== true) return (await this.file(name))?.length
    const bytes = await this.#files.size(bundle.path)
    return bytes === undefined ? undefined : recordBytes(bytes, bundle.count)
  }

  async file(name: string): Promise<Buffer | undefined> {
    const kept = this.#kept.get(name)
    if (kept !== undefined) return kept
    const made = await this.#make(name)
    if (made !== undefined) this.#kept.set(name, made)
    return made
  }

  /** Where a byte of a file of records really stands. */
  async place(name: string, offset: number): Promise<{ file: string; offset: number }> {
    const bundle = await this.#bundle(name)
    if (bundle === undefined) {
      const isNote = name === COSIGNED_FILE || firstOf(name, CHECKPOINTS) !== undefined
      return { file: isNote ? CHECKPOINT_PATH : name, offset }
    }
    const bytes = await this.#files.read(bundle.path)
    let [at, before] = [0, 0]
    for (const entry of readBundle(Buffer.from(bytes ?? []), bundle.count).entries) {
      if (before + RECORD_HEADER_BYTES + entry.length > offset) break
      before += RECORD_HEADER_BYTES + entry.length
      at += LENGTH_BYTES + entry.length
    }
    return { file: bundle.path, offset: at }
  }

  async #make(name: string): Promise<Buffer | undefined> {
    const { note, cosigned, size } = await this.#seen()
    if (name === CHECKPOINT_FILE || (name === COSIGNED_FILE && cosigned)) {
      return note === undefined ? undefined : Buffer.from(note)
    }
    if (note !== undefined && size !== undefined && firstOf(name, CHECKPOINTS) === size) {
      return encodeRecord({ number: size, bytes: Buffer.from(note) })
    }
    const bundle = await this.#bundle(name)
    const bytes = bundle && (await this.#files.read(bundle.path))
    return bytes && recordsOf(bundle, Buffer.from(bytes))
  }

  async #bundle(name: string): Promise<Bundle | undefined> {
    const first = firstOf(name, ENTRIES)
    return first === undefined ? undefined : (await this.#seen()).bundles.get(first)
  }

  #seen(): Promise<Contents> {
    this.#contents ??= contentsOf(this.#files)
    return this.#contents
  }
}

async function contentsOf(files: TileFiles): Promise<Contents> {
  const bytes = await files.read(CHECKPOINT_PATH)
  // A history cannot hold a longer one, and no log signs one.
  const note = bytes && Buffer.from(bytes.subarray(0, MAX_RECORD_BYTES)).toString('utf8')
  const size = note === undefined ? undefined : unverifiedCheckpoint(note)?.size
  const cosigned = (note?.match(/^— /gm)?.length ?? 0) > 1
  return { note, cosigned, size, bundles: bundlesIn(await files.list(), size ?? Number.POSITIVE_INFINITY) }
}

/** Of several widths of one tile the one that the checkpoint needs, else a wider one, else what there is. */
function bundlesIn(paths: readonly string[], size: number): Map<number, Bundle> {
  const widths = new Map<number, number[]>()
  for (const path of paths) {
    const tile = parseTilePath(path)
    if (tile?.kind !== 'entries') continue
    const first = entriesUnder({ ...tile, width: 0 })
    if (first < size) widths.set(first, [...(widths.get(first) ?? []), tile.width])
  }
  const inOrder = [...widths].sort(([a], [b]) => a - b)
  return new Map(inOrder.map(([first, there]) => [first, chosen(first, there, Math.min(TILE_WIDTH, size - first))]))
}

function chosen(first: number, there: readonly number[], needed: number): Bundle {
  const widest = Math.max(...there)
  const width = Math.min(widest, ...there.filter((one) => one >= needed))
  const path = tilePath({ kind: 'entries', index: first / TILE_WIDTH, width })
  return { path, first, count: Math.min(width, needed), whole: width <= needed }
}

function recordBytes(bundleBytes: number, entries: number): number {
  return bundleBytes + entries * (RECORD_HEADER_BYTES - LENGTH_BYTES)
}

/** Bytes of a tile that are no entry stay what they are, so that the verifier comes across them. */
function recordsOf({ first, count, whole }: Bundle, bytes: Buffer): Buffer {
  const { entries, end } = readBundle(bytes, count)
  const records = entries.map((entry, at) => encodeRecord({ number: first + at, bytes: entry }))
  if (!whole && entries.length === count) return Buffer.concat(records)
  const all = Buffer.concat([...records, bytes.subarray(end)])
  // Entries that are not there leave zeros, which are no record either.
  return Buffer.concat([all, Buffer.alloc(Math.max(0, recordBytes(bytes.length, count) - all.length))])
}

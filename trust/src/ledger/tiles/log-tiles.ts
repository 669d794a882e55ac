/**
 * A log directory, seen as a tiled log: what https://c2sp.org/tlog-tiles asks for by path, made of the records and the
 * hashes that are there anyway. Nothing beyond the last signed checkpoint is shown. Does not verify; who reads does.
 *
 * Partial tiles of every width are shown, so that whoever holds an older checkpoint finds those of its size.
 */
import type { CheckpointReference } from '@hansa/protocols'
import { LRUCache } from 'lru-cache'
import { HASH_BYTES, leafHash } from '../../merkle/hashing.ts'
import { unverifiedCheckpoint } from '../checkpoint.ts'
import { readCosignedFile } from '../cosigned-checkpoint.ts'
import { EntryPositions } from '../entry-positions.ts'
import type { LogDirectory } from '../log-disk.ts'
import { CHECKPOINT_FILE } from '../log-files.ts'
import { MAX_RECORD_BYTES } from '../record.ts'
import { corrupt } from '../record-files.ts'
import { readCheckpointFile } from '../signed-state.ts'
import { HASHES_FILE, hashReader, leafOfStored, type ReadHash, storedIndex } from '../stored-hashes.ts'
import { encodeBundle } from './entry-bundle.ts'
import { type EntryTile, entriesUnder, type HashTile, TILE_LEVEL_BITS, TILE_WIDTH, type Tile } from './tile-path.ts'

/** Tiles whose hashes are kept: those of higher levels are gathered from all over the file. */
const MAX_KEPT = 64

export type SignedHead = { head: CheckpointReference; note: string }

export interface LogTiles {
  /** The last checkpoint as it is now, with its cosignatures if it has any; undefined when nothing was signed yet. @throws LedgerError `log_corrupt` */
  checkpoint(): Promise<SignedHead | undefined>
  /** @returns undefined for what no signed checkpoint covers. @throws LedgerError `log_corrupt` */
  tile(tile: Tile): Promise<Uint8Array | undefined>
}

export function logTiles(directory: LogDirectory): LogTiles {
  return new DirectoryTiles(directory)
}

class DirectoryTiles implements LogTiles {
  readonly #directory: LogDirectory
  readonly #readHash: ReadHash
  readonly #positions: EntryPositions
  readonly #kept = new LRUCache<string, Buffer>({ max: MAX_KEPT })
  /** Entries that were signed when it was last looked. */
  #signed = 0

  constructor(directory: LogDirectory) {
    this.#directory = directory
    this.#readHash = hashReader(directory)
    this.#positions = new EntryPositions(directory)
  }

  async checkpoint(): Promise<SignedHead | undefined> {
    const note = await readCheckpointFile(this.#directory)
    if (note === undefined) return undefined
    const head = unverifiedCheckpoint(note)
    if (head === undefined) throw corrupt(CHECKPOINT_FILE, 0, 0)
    this.#signed = head.size
    return { head, note: (await this.#cosigned(head)) ?? note }
  }

  /** The same checkpoint with what witnesses signed under it, when that is the one they saw last. */
  async #cosigned(head: CheckpointReference): Promise<string | undefined> {
    const note = await readCosignedFile(this.#directory)
    if (note === undefined || note.length > MAX_RECORD_BYTES) return undefined
    const cosigned = unverifiedCheckpoint(note)
    return cosigned?.size === head.size && cosigned.root === head.root ? note : undefined
  }

  async tile(tile: Tile): Promise<Uint8Array | undefined> {
    const needed = entriesUnder(tile)
    if (needed > this.#signed) await this.checkpoint()
    if (needed > this.#signed) return undefined
    return tile.kind === 'hashes' ? this.#hashes(tile) : this.#entries(tile)
  }

  async #hashes({ level, index, width }: HashTile): Promise<Uint8Array> {
    const name = `${level}/${index}`
    const kept = this.#kept.get(name) ?? Buffer.alloc(0)
    if (kept.length >= width * HASH_BYTES) return kept.subarray(0, width * HASH_BYTES)
    const missing: Promise<Uint8Array>[] = []
    for (let at = kept.length / HASH_BYTES; at < width; at++) {
      missing.push(this.#stored(level * TILE_LEVEL_BITS, index * TILE_WIDTH + at))
    }
    const hashes = Buffer.concat([kept, ...(await Promise.all(missing))])
    this.#kept.set(name, hashes)
    return hashes
  }

  async #stored(level: number, index: number): Promise<Uint8Array> {
    const at = storedIndex(level, index)
    try {
      return await this.#readHash(at)
    } catch (error) {
      throw error instanceof RangeError ? corrupt(HASHES_FILE, at * HASH_BYTES, leafOfStored(at)) : error
    }
  }

  /** Bytes that are not those of the tree are nothing that a log may show. */
  async #entries({ index, width }: EntryTile): Promise<Uint8Array> {
    const first = index * TILE_WIDTH
    const hashes = await this.#hashes({ kind: 'hashes', level: 0, index, width })
    const entries: Uint8Array[] = []
    for await (const { file, offset, number, bytes } of this.#positions.records(first, first + width)) {
      const at = (number - first) * HASH_BYTES
      if (Buffer.compare(leafHash(bytes), hashes.subarray(at, at + HASH_BYTES)) !== 0)
        throw corrupt(file, offset, number)
      entries.push(bytes)
    }
    return encodeBundle(entries)
  }
}

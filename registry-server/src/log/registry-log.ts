/**
 * The log as its readers see it: checkpoints, proofs, entries and tiles (C2SP). A checkpoint is signed when it is asked for,
 * over the tree that is committed then: replicas with one key sign one history.
 */
import type { Did, ProvenRegistryEntry, RegistryCheckpoint } from '@hansa/protocols'
import type { Database } from '@hansa/storage'
import { encodeBase64url, HASH_BYTES } from '@hansa/trust'
import {
  encodeBundle,
  entriesUnder,
  Frontier,
  formatCheckpoint,
  formatTlogProof,
  type NoteKey,
  type ReadHash,
  storedConsistency,
  storedInclusion,
  storedIndex,
  TILE_LEVEL_BITS,
  TILE_WIDTH,
  type Tile,
} from '@hansa/trust/ledger'
import type { Kysely } from 'kysely'
import { readPeaks } from './append-entry.ts'
import { sqlHashReader } from './hash-reader.ts'
import type { LogTables } from './log-tables.ts'

export type LoggedEntry = {
  index: number
  /** The leaf, canonical JSON. */
  entry: string
  statement?: string
  /** Set for `listed`: the manifest with this hash is what may be sent with it. */
  lists?: { did: Did; hash: string }
}

export interface RegistryLog {
  size(): Promise<number>
  /** Signed. */
  checkpoint(): Promise<{ size: number; note: string }>
  /** @param since size of the tree that the reader has seen. */
  proveGrowth(since?: number): Promise<RegistryCheckpoint>
  /** @returns undefined when there is no such entry. */
  prove(index: number): Promise<ProvenRegistryEntry | undefined>
  entries(from: number, limit: number): Promise<LoggedEntry[]>
  /** @returns undefined for what the tree does not hold. */
  tile(tile: Tile): Promise<Uint8Array | undefined>
}

export function registryLog<DB>(database: Database<DB>, key: NoteKey): RegistryLog {
  return new SqlRegistryLog(database.db as unknown as Kysely<LogTables>, key)
}

class SqlRegistryLog implements RegistryLog {
  readonly #db: Kysely<LogTables>
  readonly #key: NoteKey
  readonly #readHash: ReadHash
  #signed: { size: number; root: string; note: string } | undefined

  constructor(db: Kysely<LogTables>, key: NoteKey) {
    this.#db = db
    this.#key = key
    this.#readHash = sqlHashReader(db)
  }

  async size(): Promise<number> {
    return (await this.#head()).size
  }

  async checkpoint(): Promise<{ size: number; note: string }> {
    const { size, peaks } = await this.#head()
    const frontier = Frontier.of(size, readPeaks(peaks))
    if (frontier === undefined) throw new Error('the head of the log does not fit its size')
    const root = encodeBase64url(frontier.root())
    if (this.#signed?.size !== size || this.#signed.root !== root) {
      const note = this.#key.sign(formatCheckpoint({ origin: this.#key.name, size, root }))
      this.#signed = { size, root, note }
    }
    return this.#signed
  }

  async proveGrowth(since?: number): Promise<RegistryCheckpoint> {
    const { size, note } = await this.checkpoint()
    const answer = { checkpoint: note, vkey: this.#key.vkey }
    if (since === undefined || since > size) return answer
    const path = await storedConsistency(this.#readHash, since, size)
    return { ...answer, consistency: path.map(encodeBase64url) }
  }

  async prove(index: number): Promise<ProvenRegistryEntry | undefined> {
    const { size, note } = await this.checkpoint()
    if (index >= size) return undefined
    const row = await this.#db
      .selectFrom('log_entries')
      .select('entry')
      .where('position', '=', index)
      .executeTakeFirstOrThrow()
    const path = await storedInclusion(this.#readHash, index, size)
    return { entry: row.entry, proof: formatTlogProof({ index, path, checkpoint: note }) }
  }

  async entries(from: number, limit: number): Promise<LoggedEntry[]> {
    const rows = await this.#db
      .selectFrom('log_entries')
      .select(['position', 'did', 'event', 'hash', 'entry', 'statement'])
      .where('position', '>=', from)
      .orderBy('position')
      .limit(limit)
      .execute()
    return rows.map(({ position: index, did, event, hash, entry, statement }) => ({
      index,
      entry,
      ...(statement !== null && { statement }),
      ...(event === 'listed' && { lists: { did: did as Did, hash } }),
    }))
  }

  async tile(tile: Tile): Promise<Uint8Array | undefined> {
    if (entriesUnder(tile) > (await this.size())) return undefined
    const first = tile.index * TILE_WIDTH
    if (tile.kind === 'entries') {
      const entries = await this.entries(first, tile.width)
      return encodeBundle(entries.map(({ entry }) => Buffer.from(entry)))
    }
    const level = tile.level * TILE_LEVEL_BITS
    const hashes = Array.from({ length: tile.width }, (_, at) => this.#readHash(storedIndex(level, first + at)))
    return Buffer.concat(await Promise.all(hashes), tile.width * HASH_BYTES)
  }

  #head() {
    return this.#db.selectFrom('log_head').select(['size', 'peaks']).where('id', '=', 1).executeTakeFirstOrThrow()
  }
}

/**
 * What a directory holds, verified from the first byte: framing, order, chain, form of every entry, and the root at
 * every checkpoint that is at hand. Streamed; memory does not grow with the log. Nothing is changed here: what has to be
 * cut off is returned.
 *
 * A bad record with nothing valid after it was never acknowledged: it is a torn tail. A bad record that valid ones
 * follow is damage, and the log is not opened.
 */
import type { CheckpointReference, Entry } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import { HASH_BYTES, leafHash } from '../merkle/hashing.ts'
import { EntryChain } from './entry-chain.ts'
import { LedgerError } from './errors.ts'
import { Frontier } from './frontier.ts'
import type { LogDirectory } from './log-disk.ts'
import { ENTRIES } from './log-files.ts'
import type { NoteVerifier } from './note.ts'
import {
  corrupt,
  type Damage,
  type RecordFile,
  type RecordPosition,
  recordFiles,
  type ScannedRecord,
  scanFile,
} from './record-files.ts'
import { type Cut, readSignedState, type SignedCheckpoint } from './signed-state.ts'
import { HASHES_FILE, storedCount } from './stored-hashes.ts'
import type { OpenPrefix } from './verified-prefix.ts'

/** A log opens its first checkpoint over `log.opened` before anything else may be appended. */
const MOST_UNSIGNED_WITHOUT_CHECKPOINT = 1

export type Recovered = {
  /** Entries. */
  size: number
  /** `prev` of the next entry. */
  prev: string
  signed: SignedCheckpoint | undefined
  /** The tree of the last checkpoint, and where the entries after it begin. */
  frontier: Frontier
  signedEnd: RecordPosition | undefined
  end: RecordPosition | undefined
  /** Of each entry after the last checkpoint: what the one behind it names as `prev`. */
  unsigned: string[]
  /** Bytes of the hash file that were found right, and whether they are all that the tree has. */
  hashes: { right: number; whole: boolean }
  /** Torn tails. */
  cuts: Cut[]
}

export type RecoverInit = {
  directory: LogDirectory
  verifier: NoteVerifier
  /** A checkpoint that is kept outside the directory. */
  remembered?: CheckpointReference | undefined
  replay?: ((entry: Entry) => void) | undefined
  /** What was verified before and is not read again. */
  after?: OpenPrefix | undefined
}

/** @throws LedgerError `log_corrupt`, `log_rolled_back`, `log_foreign`. */
export async function recover(init: RecoverInit): Promise<Recovered> {
  const { directory, verifier, after } = init
  const state = await readSignedState(directory, verifier)
  const walk = new Walk(init, state.checkpoints)
  const files = await recordFiles(directory, ENTRIES)
  if (after !== undefined) await walk.skip(after)
  for (const file of files) {
    if (after === undefined || file.name >= after.end.file) await walk.file(file, file === files.at(-1))
  }
  const recovered = walk.end()
  if (state.torn !== undefined) recovered.cuts.push(state.torn)
  return recovered
}

class Walk {
  readonly #directory: LogDirectory
  readonly #checkpoints: readonly SignedCheckpoint[]
  /** Every root that must come out. */
  readonly #heads: readonly CheckpointReference[]
  readonly #replay: ((entry: Entry) => void) | undefined
  readonly #signedSize: number
  readonly #frontier: Frontier
  readonly #chain: EntryChain
  /** Where reading begins; undefined for the first byte of the log. */
  readonly #after: OpenPrefix | undefined
  readonly #unsigned: string[] = []
  readonly #cuts: Cut[] = []
  readonly #emitted: Uint8Array[] = []
  #hashBytes = 0
  #hashesRight = true
  #end: RecordPosition | undefined
  #signedEnd: RecordPosition | undefined

  constructor(
    { directory, verifier, remembered, replay, after }: RecoverInit,
    checkpoints: readonly SignedCheckpoint[],
  ) {
    this.#directory = directory
    this.#checkpoints = checkpoints
    this.#heads = [...checkpoints.map(({ head }) => head), remembered, after?.head].filter((head) => head !== undefined)
    this.#signedSize = checkpoints.at(-1)?.head.size ?? 0
    this.#replay = replay
    this.#after = after
    this.#frontier = after?.frontier ?? new Frontier()
    this.#chain = new EntryChain(verifier.name, after && { size: after.head.size, prev: after.prev })
  }

  /** The hashes of what was verified before are taken for right where the file is long enough to hold them. */
  async skip({ head, end }: OpenPrefix): Promise<void> {
    this.#end = end
    this.#passed()
    const bytes = storedCount(head.size) * HASH_BYTES
    this.#hashesRight = ((await this.#directory.size(HASHES_FILE)) ?? 0) >= bytes
    if (this.#hashesRight) this.#hashBytes = bytes
  }

  async file(file: RecordFile, last: boolean): Promise<void> {
    const from = file.name === this.#after?.end.file ? this.#after.end.offset : 0
    if (from === 0) {
      if (file.first !== this.#chain.size) throw corrupt(file.name, 0, this.#chain.size)
      this.#end = { file: file.name, offset: 0 }
      if (this.#chain.size === this.#signedSize) this.#signedEnd = this.#end
    }
    for await (const { records, damage } of scanFile(this.#directory, file, from)) {
      for (const record of records) this.#record(record)
      await this.#checkHashes()
      if (damage !== undefined) this.#damage(damage, last)
    }
  }

  end(): Recovered {
    const signed = this.#checkpoints.at(-1)
    const known = Math.max(...this.#heads.map(({ size }) => size), 0)
    // What was remembered outside was signed here, so the directory must know of it too.
    if (this.#chain.size < known || this.#signedSize < known) throw rolledBack(this.#chain.size, known)
    if (signed === undefined && this.#chain.size > MOST_UNSIGNED_WITHOUT_CHECKPOINT)
      throw rolledBack(this.#chain.size, 0)
    return {
      size: this.#chain.size,
      prev: this.#chain.prev,
      signed,
      frontier: this.#frontier,
      signedEnd: this.#signedEnd,
      end: this.#end,
      unsigned: this.#unsigned,
      hashes: {
        right: this.#hashBytes,
        whole: this.#hashesRight && this.#hashBytes === storedCount(this.#signedSize) * HASH_BYTES,
      },
      cuts: this.#cuts,
    }
  }

  #record(record: ScannedRecord): void {
    const entry = this.#chain.take(record)
    this.#end = { file: record.file, offset: record.end }
    if (this.#chain.size > this.#signedSize) this.#unsigned.push(this.#chain.prev)
    else this.#leaf(leafHash(record.bytes))
    this.#replay?.(entry)
  }

  #leaf(leaf: Uint8Array): void {
    this.#frontier.append(leaf, (hash) => this.#emitted.push(hash))
    this.#passed()
  }

  /** Looks at what was signed of the entries so far. */
  #passed(): void {
    if (this.#chain.size === this.#signedSize) this.#signedEnd = this.#end
    for (const head of this.#heads) if (head.size === this.#chain.size) this.#checkRoot(head)
  }

  #checkRoot(head: CheckpointReference): void {
    if (encodeBase64url(this.#frontier.root()) === head.root) return
    throw rolledBack(this.#chain.size, head.size)
  }

  /** The hash file is a copy of what was just computed: it is rebuilt where it differs, never believed. */
  async #checkHashes(): Promise<void> {
    if (this.#emitted.length === 0) return
    const expected = Buffer.concat(this.#emitted)
    this.#emitted.length = 0
    if (!this.#hashesRight) return
    const stored = await this.#directory.read(HASHES_FILE, this.#hashBytes, this.#hashBytes + expected.length)
    if (expected.equals(stored)) this.#hashBytes += expected.length
    else this.#hashesRight = false
  }

  #damage({ file, offset, resumesAt }: Damage, last: boolean): void {
    if (!last || resumesAt !== undefined) throw corrupt(file, offset, this.#chain.size)
    this.#cuts.push({ file, size: offset })
  }
}

function rolledBack(size: number, signedSize: number): LedgerError {
  return new LedgerError(
    { code: 'log_rolled_back', size, signedSize },
    `The log holds ${size} entries and is not the one that was signed at ${signedSize}: it was restored from a backup or ` +
      'cut. Keep the directory as it is, and start a new log with a new origin.',
  )
}

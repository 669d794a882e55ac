/**
 * The Merkle tree over the durable entries, and the checkpoints that the log signs over it.
 *
 * A checkpoint is cut from what the disk gives back: the new entries are read again, hashed, and compared with what was
 * hashed when they were appended. A bit that flipped on the way is found before a signature covers it (security.md B8,
 * "Signing discipline").
 */
import type { CheckpointReference } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import { leafHash, sameHash } from '../merkle/hashing.ts'
import type { AppendedFile } from './appended-file.ts'
import { formatCheckpoint } from './checkpoint.ts'
import type { Frontier } from './frontier.ts'
import type { LogDisk } from './log-disk.ts'
import { CHECKPOINT_FILE, ENTRIES } from './log-files.ts'
import type { NoteKey } from './note.ts'
import { encodeRecord } from './record.ts'
import { corrupt, type RecordPosition, type RecordWriter, scanRange } from './record-files.ts'

export type SignedTreeInit = {
  disk: LogDisk
  key: NoteKey
  /** The tree of the last checkpoint. */
  frontier: Frontier
  /** Where the entries after it begin. */
  position: RecordPosition
  hashes: AppendedFile
  history: RecordWriter
  signed: { head: CheckpointReference; note: string } | undefined
}

export class SignedTree {
  readonly #init: SignedTreeInit
  #position: RecordPosition
  #end: RecordPosition
  /** Leaf hashes of durable entries that no checkpoint covers, as they were when appended. */
  #pending: Uint8Array[] = []
  /** Hashes of the tree that their file does not hold yet. */
  #unstored: Uint8Array[] = []
  /** Size of the last checkpoint in the history. */
  #recorded: number
  #signed: { head: CheckpointReference; note: string }

  constructor(init: SignedTreeInit) {
    this.#init = init
    this.#position = init.position
    this.#end = init.position
    this.#recorded = init.signed?.head.size ?? 0
    this.#signed = init.signed ?? { head: { origin: init.key.name, size: 0, root: '' }, note: '' }
  }

  get head(): CheckpointReference {
    return this.#signed.head
  }

  get note(): string {
    return this.#signed.note
  }

  /** Durable entries that no checkpoint covers. */
  get unsigned(): number {
    return this.#init.frontier.size + this.#pending.length - this.head.size
  }

  /** @param end where the last of these durable entries ends. */
  add(leaves: readonly Uint8Array[], end: RecordPosition): void {
    for (const leaf of leaves) this.#pending.push(leaf)
    this.#end = end
  }

  /**
   * Signs the tree of everything added so far, and stores hashes, history and checkpoint, in this order. After a
   * failure to write, it can be called again.
   * @throws LedgerError `log_corrupt` when an entry does not read back as it was appended: nothing is signed then.
   */
  async cut(): Promise<void> {
    await this.#readBack()
    const { disk, key, frontier, hashes, history } = this.#init
    if (this.#unstored.length > 0) {
      await hashes.append(Buffer.concat(this.#unstored))
      this.#unstored = []
    }
    const head = { origin: key.name, size: frontier.size, root: encodeBase64url(frontier.root()) }
    const note = key.sign(formatCheckpoint(head))
    if (this.#recorded < head.size) {
      await history.append(encodeRecord({ number: head.size, bytes: Buffer.from(note) }), head.size)
      this.#recorded = head.size
    }
    await Promise.all([hashes.datasync(), history.datasync()])
    await disk.replace(CHECKPOINT_FILE, Buffer.from(note))
    this.#signed = { head, note }
  }

  /** Takes back what a failed `cut` may have left behind. */
  async cutBack(): Promise<void> {
    await this.#init.hashes.cutBack()
    await this.#init.history.cutBack()
  }

  async close(): Promise<void> {
    await this.#init.hashes.close()
    await this.#init.history.close()
  }

  async #readBack(): Promise<void> {
    const { disk, frontier } = this.#init
    const [pending, end] = [this.#pending, this.#end]
    this.#pending = []
    let at = 0
    const verified: Uint8Array[] = []
    for await (const records of scanRange(disk, ENTRIES, this.#position, end, frontier.size)) {
      for (const { file, offset, number, bytes } of records) {
        const leaf = leafHash(bytes)
        const appended = pending[at++]
        const seq = frontier.size + verified.length
        if (number !== seq || appended === undefined || !sameHash(leaf, appended)) throw corrupt(file, offset, seq)
        verified.push(leaf)
      }
    }
    if (at !== pending.length) throw corrupt(end.file, end.offset, frontier.size + at)
    for (const leaf of verified) frontier.append(leaf, (hash) => this.#unstored.push(hash))
    this.#position = end
  }
}

/**
 * The Merkle tree over the durable entries, and the checkpoints that the log signs over it. A checkpoint is cut from what
 * the disk gives back, never from what was meant to be on it.
 */
import type { CheckpointReference } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import { HASH_BYTES } from '../merkle/hashing.ts'
import type { AppendedFile } from './appended-file.ts'
import { formatCheckpoint } from './checkpoint.ts'
import type { Frontier } from './frontier.ts'
import type { LogDisk } from './log-disk.ts'
import { CHECKPOINT_FILE } from './log-files.ts'
import type { NoteKey } from './note.ts'
import type { ReadBack } from './read-back.ts'
import { encodeRecord } from './record.ts'
import type { RecordPosition, RecordWriter } from './record-files.ts'

/** Leaves that are added to the tree in one turn of the event loop: a tenth of a millisecond. */
const TURN_BYTES = 64 * HASH_BYTES

export type SignedTreeInit = {
  disk: LogDisk
  key: NoteKey
  /** The tree of the last checkpoint. */
  frontier: Frontier
  /** Where the entries after it begin. */
  position: RecordPosition
  readBack: ReadBack
  /** Runs the given function after everything else that is ready now. */
  schedule(run: () => void): void
  hashes: AppendedFile
  history: RecordWriter
  signed: { head: CheckpointReference; note: string } | undefined
}

export class SignedTree {
  readonly #init: SignedTreeInit
  #position: RecordPosition
  #end: RecordPosition
  /** Of durable entries that no checkpoint covers: what the one behind each names as `prev`. */
  #pending: string[] = []
  /** Of those that are being read back. */
  #reading = 0
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
    return this.#init.frontier.size + this.#reading + this.#pending.length - this.head.size
  }

  /** @param end where the last of these durable entries ends. */
  add(links: readonly string[], end: RecordPosition): void {
    for (const link of links) this.#pending.push(link)
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
    await this.#init.readBack.close()
    await this.#init.hashes.close()
    await this.#init.history.close()
  }

  async #readBack(): Promise<void> {
    const { readBack, frontier } = this.#init
    const [links, to] = [this.#pending, this.#end]
    if (links.length === 0) return
    this.#pending = []
    this.#reading = links.length
    const leaves = await readBack.read({ from: this.#position, to, first: frontier.size, links })
    for (let at = 0; at < leaves.length; at += HASH_BYTES) {
      // Calls are not made to wait for a whole checkpoint.
      if (at % TURN_BYTES === TURN_BYTES - HASH_BYTES)
        await new Promise<void>((resolve) => this.#init.schedule(resolve))
      frontier.append(leaves.subarray(at, at + HASH_BYTES), (hash) => this.#unstored.push(hash))
      this.#reading--
    }
    this.#position = to
  }
}

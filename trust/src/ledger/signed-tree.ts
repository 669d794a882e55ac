/**
 * The Merkle tree over the durable entries, and the checkpoints that the log signs over it. A checkpoint is cut from what
 * the disk gives back, never from what was meant to be on it.
 */
import type { CheckpointReference } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import type { AppendedFile } from './appended-file.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { Frontier } from './frontier.ts'
import type { LogDisk } from './log-disk.ts'
import { CHECKPOINT_FILE } from './log-files.ts'
import type { NoteKey } from './note.ts'
import type { ReadBack } from './read-back.ts'
import { encodeRecord } from './record.ts'
import type { RecordPosition, RecordWriter } from './record-files.ts'

export type SignedTreeInit = {
  disk: LogDisk
  key: NoteKey
  /** The tree of the last checkpoint. */
  frontier: Frontier
  /** Where the entries after it begin. */
  position: RecordPosition
  readBack: ReadBack
  hashes: AppendedFile
  history: RecordWriter
  signed: { head: CheckpointReference; note: string } | undefined
}

export class SignedTree {
  readonly #init: SignedTreeInit
  /** Of what was read back. */
  #frontier: Frontier
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
    this.#frontier = init.frontier
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
    return this.#frontier.size + this.#reading + this.#pending.length - this.head.size
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
    const { disk, key, hashes, history } = this.#init
    const frontier = this.#frontier
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
    const [links, to] = [this.#pending, this.#end]
    if (links.length === 0) return
    this.#pending = []
    this.#reading = links.length
    const { size: first } = this.#frontier
    const stretch = { from: this.#position, to, first, links, peaks: this.#frontier.peaks() }
    const { hashes, peaks } = await this.#init.readBack.read(stretch)
    const grown = Frontier.of(first + links.length, peaks)
    if (grown === undefined) throw new Error(`${peaks.length} peaks after ${links.length} entries more`)
    this.#frontier = grown
    this.#unstored.push(hashes)
    this.#reading = 0
    this.#position = to
  }
}

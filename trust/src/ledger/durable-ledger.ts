/**
 * The ledger over a disk: group commit, back-pressure, and what happens when the disk fills or fails. Opened by
 * `openLedger`.
 */
import type { CheckpointReference, Clock, EntryDraft, EntryExt, EntryType } from '@hansa/protocols'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { HASH_BYTES, sameHash } from '../merkle/hashing.ts'
import { rootFromInclusionProof } from '../merkle/inclusion.ts'
import { AppendedEntry } from './appended-entry.ts'
import type { Batch } from './batch.ts'
import type { CosignedCheckpoints } from './cosigned-checkpoint.ts'
import { entryText } from './entry-bytes.ts'
import { LedgerError } from './errors.ts'
import { GroupCommit } from './group-commit.ts'
import type { Appended, Ledger, LedgerLimits, StoredEntry } from './ledger.ts'
import { RESERVE_FILE } from './log-files.ts'
import { bytesForCalls, isClosing, type LogRoom, roomOf } from './log-room.ts'
import type { MeasuredDisk } from './measured-disk.ts'
import type { NoteKey } from './note.ts'
import { readEntries } from './read-entries.ts'
import { corrupt, type RecordWriter } from './record-files.ts'
import type { SignedTree } from './signed-tree.ts'
import {
  HASHES_FILE,
  hashReader,
  storedConsistency,
  storedInclusion,
  storedIndex,
  storedRoot,
} from './stored-hashes.ts'

/** Durable entries that may wait for a checkpoint; their hashes are in memory. */
const MAX_UNSIGNED = 65_536

/** With more, or where their hashes would take a part of the reserve, the next checkpoint waits for nothing. */
const MOST_WAITING = MAX_UNSIGNED / 4
const HASHES_PART = 1 / 8

/** Of the reserve, for what waits and for the hashes of what is unsigned; the rest is for the last entries and checkpoints. */
const WAITING_PART = 1 / 2
/** A tree of n leaves has less than twice as many hashes. */
const TREE_BYTES_PER_ENTRY = 2 * HASH_BYTES

/** Times that the last checkpoint took are left to the entries before the next one. */
const REST = 4

export type DurableLedgerInit = {
  disk: MeasuredDisk
  key: NoteKey
  clock: Clock
  onFatal(error: unknown): void
  schedule?(run: () => void): void
  opening?: EntryExt
  limits: LedgerLimits
  entries: RecordWriter
  tree: SignedTree
  cosigned: CosignedCheckpoints
  release(): Promise<void>
  size: number
  prev: string
}

export class DurableLedger implements Ledger {
  readonly origin: string
  readonly vkey: string
  readonly #init: DurableLedgerInit
  readonly #tree: SignedTree
  readonly #queueBytes: number
  /** What has to hold everything that is under way when the disk is full, bytes. */
  readonly #reserveBytes: number
  /** Entries whose hashes may take their part of it. */
  readonly #mostHashed: number
  readonly #group: GroupCommit
  #state: 'open' | 'full' | 'closing' | 'closed' | 'failed' = 'open'
  #failure: LedgerError | undefined
  #durable: number
  #prev: string
  #waitingBytes = 0
  #limitNoted = false
  /** Set once the reserve is given up. */
  #room: Promise<void> | undefined
  #cutting: Promise<void> | undefined
  #cutAt = Number.NEGATIVE_INFINITY
  /** Until then the disk is left to the entries: what a checkpoint syncs holds up what they wait for. */
  #restUntil = Number.NEGATIVE_INFINITY
  #cancelCut: (() => void) | undefined
  #closed: Promise<void> | undefined

  constructor(init: DurableLedgerInit) {
    this.#init = init
    this.origin = init.key.name
    this.vkey = init.key.vkey
    this.#tree = init.tree
    const { queueBytes, reserveBytes } = init.limits
    this.#queueBytes = queueBytes
    this.#reserveBytes = reserveBytes === 0 ? Number.POSITIVE_INFINITY : reserveBytes
    this.#mostHashed = (this.#reserveBytes * HASHES_PART) / TREE_BYTES_PER_ENTRY
    this.#group = new GroupCommit({
      first: init.size,
      schedule: init.schedule ?? setImmediate,
      write: (batch) => this.#write(batch),
      sync: () => init.entries.datasync(),
      done: (batch) => this.#written(batch),
      failed: (error) => this.#fail(error),
    })
    this.#durable = init.size
    this.#prev = init.prev
  }

  get full(): boolean {
    return this.#state === 'full' || this.#atLimit()
  }

  get room(): LogRoom {
    const { disk, limits } = this.#init
    return roomOf(disk.bytes + this.#waitingBytes, limits)
  }

  get cosigned(): CosignedCheckpoints {
    return this.#init.cosigned
  }

  get size(): number {
    return this.#group.size
  }

  /** Called once, by `openLedger`: writes `log.opened` into an empty log and signs whatever no checkpoint covers. */
  async begin(): Promise<void> {
    const { opening } = this.#init
    if (this.size === 0) {
      await this.append({ type: 'log.opened', ...(opening === undefined ? {} : { ext: opening }) }).durable
    }
    await this.#cut()
    if (this.#failure !== undefined) throw this.#failure
  }

  append(draft: EntryDraft): Appended {
    this.#admit(draft.type)
    const appended = this.#add(draft)
    this.#group.drainSoon()
    return appended
  }

  async sync(): Promise<void> {
    const { last } = this.#group
    if (last !== undefined) return last
    if (this.#failure !== undefined && this.#durable < this.size) throw this.#failure
  }

  async cut(): Promise<CheckpointReference> {
    await this.sync()
    await this.#cut()
    if (this.#failure !== undefined) throw this.#failure
    return this.head()
  }

  head(): CheckpointReference {
    return this.#tree.head
  }

  checkpointNote(): string {
    return this.#tree.note
  }

  async consistency(fromSize: number, toSize: number): Promise<string[]> {
    this.#checkSigned(toSize)
    const path = await storedConsistency(hashReader(this.#init.disk), fromSize, toSize)
    return path.map(encodeBase64url)
  }

  async rootAt(size: number): Promise<string> {
    this.#checkSigned(size)
    return encodeBase64url(await storedRoot(hashReader(this.#init.disk), 0, size))
  }

  async inclusion(index: number, size: number): Promise<string[]> {
    const { head } = this.#tree
    this.#checkSigned(size)
    const read = hashReader(this.#init.disk)
    const path = await storedInclusion(read, index, size)
    if (size === head.size) {
      const leafHash = await read(storedIndex(0, index))
      const root = rootFromInclusionProof({ index, size, leafHash, path })
      const signed = decodeBase64url(head.root)
      if (root === undefined || signed === undefined || !sameHash(root, signed)) throw corrupt(HASHES_FILE, 0, index)
    }
    return path.map(encodeBase64url)
  }

  read(from = 0, to = this.#durable): AsyncIterable<StoredEntry> {
    return readEntries(this.#init.disk, from, Math.min(to, this.#durable))
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #admit(type: EntryType): void {
    if (this.#state === 'full') throw full()
    if (this.#state === 'open' && this.#atLimit()) this.#noteLimit(type)
    if (this.#state !== 'open')
      throw new LedgerError({ code: 'log_closed' }, 'The log is closed.', { cause: this.#failure })
    const waiting = this.size - this.#durable
    const { queueEntries } = this.#init.limits
    const { unsigned } = this.#tree
    const fits = this.#waitingBytes + unsigned * TREE_BYTES_PER_ENTRY < this.#reserveBytes * WAITING_PART
    if (waiting >= queueEntries || this.#waitingBytes >= this.#queueBytes || unsigned >= MAX_UNSIGNED || !fits) {
      throw new LedgerError({ code: 'busy', waiting }, `${waiting} entries wait for the disk.`)
    }
  }

  #atLimit(): boolean {
    return this.#init.disk.bytes + this.#waitingBytes >= bytesForCalls(this.#init.limits)
  }

  /** Says once in the log since when it takes only closing entries. @throws LedgerError `log_full` for any other one. */
  #noteLimit(type: EntryType): void {
    const { maxBytes } = this.#init.limits
    if (!this.#limitNoted) {
      this.#limitNoted = true
      this.#add({ type: 'log.full', ext: { reason: `the limit of ${maxBytes} bytes is reached` } })
      this.#group.drainSoon()
    }
    if (!isClosing(type)) throw atLimit(maxBytes)
  }

  #add(draft: EntryDraft): Appended {
    const seq = this.size
    const tMs = this.#init.clock.now()
    const text = entryText(draft, { origin: this.origin, seq, tMs, prev: this.#prev })
    const { link, bytes, durable } = this.#group.add(text)
    this.#prev = link
    this.#waitingBytes += bytes
    return new AppendedEntry(seq, tMs, text, durable)
  }

  async #write(batch: Batch): Promise<void> {
    const { entries } = this.#init
    await this.#withRoom(
      () => entries.append(batch.bytes, batch.first),
      () => entries.cutBack(),
    )
  }

  #written(batch: Batch): Promise<void> | undefined {
    this.#durable = batch.first + batch.links.length
    this.#waitingBytes -= batch.bytes.length
    this.#tree.add(batch.links, this.#init.entries.position)
    this.#cutWhenDue()
    // Whoever writes faster than can be read back is held up here, and not refused.
    return this.#tree.unsigned < Math.min(MAX_UNSIGNED / 2, this.#mostHashed) ? undefined : this.#cutting
  }

  /** Runs a write; when the disk is full, makes room and runs it once more. */
  async #withRoom(write: () => Promise<void>, undo: () => Promise<void>): Promise<void> {
    const madeBefore = this.#room !== undefined
    try {
      await write()
    } catch (error) {
      if (!isFull(error) || madeBefore) throw error
      this.#room ??= this.#makeRoom()
      await this.#room
      await undo()
      await write()
    }
  }

  /** Gives up the reserve, and notes behind everything already appended that the log is full. */
  async #makeRoom(): Promise<void> {
    await this.#init.disk.remove(RESERVE_FILE)
    if (this.#state === 'open') this.#state = 'full'
    // Before its first checkpoint a log holds one entry: with more, it would look like one whose checkpoints were lost.
    if (this.#tree.head.size === 0) return
    this.#add({ type: 'log.full' })
    this.#group.drainSoon()
  }

  #cutWhenDue(): void {
    const { unsigned } = this.#tree
    if (unsigned === 0 || this.#cutting !== undefined || this.#state === 'failed') return
    const { checkpointEntries, checkpointMs } = this.#init.limits
    const now = this.#init.clock.now()
    const elapsed = now - this.#cutAt
    const most = Math.min(MOST_WAITING, this.#mostHashed)
    const enough = (unsigned >= checkpointEntries && now >= this.#restUntil) || unsigned >= most
    // A clock that was set back must not put the next checkpoint off for longer than usual.
    if (enough || elapsed >= checkpointMs || elapsed < 0) {
      void this.#cut()
    } else {
      this.#cancelCut ??= this.#init.clock.after(checkpointMs - elapsed, () => {
        this.#cancelCut = undefined
        void this.#cut()
      })
    }
  }

  /** Signs what no checkpoint covers. One at a time; never rejects. */
  async #cut(): Promise<void> {
    while (this.#cutting !== undefined) await this.#cutting
    if (this.#tree.unsigned === 0 || this.#state === 'failed' || this.#state === 'closed') return
    this.#cancelCut?.()
    this.#cancelCut = undefined
    this.#cutAt = this.#init.clock.now()
    this.#cutting = this.#withRoom(
      () => this.#tree.cut(),
      () => this.#tree.cutBack(),
    )
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#cutting = undefined
        const now = this.#init.clock.now()
        this.#restUntil = now + REST * Math.max(0, now - this.#cutAt)
        if (this.#state !== 'closed') this.#cutWhenDue()
      })
    await this.#cutting
  }

  #fail(error: unknown): void {
    if (this.#state === 'failed') return
    this.#state = 'failed'
    const known = error instanceof LedgerError ? error : undefined
    this.#failure = known ?? new LedgerError({ code: 'log_broken', file: '' }, 'The log failed.', { cause: error })
    this.#cancelCut?.()
    this.#group.refuse(this.#failure)
    this.#init.onFatal(this.#failure)
  }

  async #close(): Promise<void> {
    if (this.#state === 'open' || this.#state === 'full') this.#state = 'closing'
    do {
      await this.#group.drained()
      await this.#cut()
      // A disk that fills up under the last checkpoint adds one more entry.
    } while (this.#group.draining)
    this.#cancelCut?.()
    if (this.#state === 'closing') this.#state = 'closed'
    await this.#init.cosigned.close()
    await this.#tree.close()
    await this.#init.entries.close()
    await this.#init.release()
  }

  #checkSigned(size: number): void {
    const signed = this.#tree.head.size
    if (!Number.isSafeInteger(size) || size > signed) throw new RangeError(`${size} entries; ${signed} are signed`)
  }
}

function isFull(error: unknown): boolean {
  return error instanceof LedgerError && error.detail.code === 'log_full'
}

function atLimit(maxBytes: number): LedgerError {
  return new LedgerError(
    { code: 'log_full', maxBytes },
    `The audit log has reached its limit of ${maxBytes} bytes: it takes no more calls until the limit is raised.`,
  )
}

function full(): LedgerError {
  return new LedgerError(
    { code: 'log_full' },
    'The disk of the audit log is full. Make room and start the kernel again.',
  )
}

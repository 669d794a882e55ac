/**
 * The audit log of one kernel, and the only durable write in a call (security.md B8, wire.md "State per call").
 *
 * `append` is synchronous: it links the entry to the one before, hashes it and puts it in the next batch, so that a
 * receipt can name index and leaf hash at once. A batch is one write and one `datasync`; while it is under way the next
 * one collects. Whoever acts on an entry waits for `durable` first.
 */
import type { CheckpointReference, Entry, EntryDraft, UnixMs } from '@hansa/protocols'
import type { CosignedCheckpoints } from './cosigned-checkpoint.ts'
import type { LogRoom } from './log-room.ts'

export interface Ledger extends AsyncDisposable {
  readonly origin: string
  /** C2SP verifier key of this log; belongs in the manifest. */
  readonly vkey: string
  /** Entries appended, durable or not; also the sequence number of the next one. */
  readonly size: number
  /**
   * Whether there is no room: of a disk that is full nothing more is taken, of a log at its limit only what ends or takes
   * away.
   */
  readonly full: boolean
  readonly room: LogRoom
  /** What witnesses said of this log. */
  readonly cosigned: CosignedCheckpoints
  /**
   * Adds an entry: sequence number, time and link come from here.
   * @throws LedgerError `log_full`, `busy`, `log_closed`, `entry_refused`; nothing is appended then.
   */
  append(draft: EntryDraft): Appended
  /** Resolves when everything appended so far is durable. @throws LedgerError when it can no longer become so. */
  sync(): Promise<void>
  /** Signs everything appended so far now, instead of when it is due. @throws LedgerError when it cannot become durable. */
  cut(): Promise<CheckpointReference>
  /** The last signed checkpoint. */
  head(): CheckpointReference
  /** The same as a C2SP signed note. */
  checkpointNote(): string
  /** Proof that the tree of `toSize` extends that of `fromSize`; both at most `head().size`, and `fromSize` at least 1. */
  consistency(fromSize: number, toSize: number): Promise<string[]>
  /** Root of the tree of the first `size` entries, base64url; `size` at least 1 and at most `head().size`. */
  rootAt(size: number): Promise<string>
  /** Proof that entry `index` is in the tree of `size`, which is at most `head().size`. Sibling hashes, leaf upwards. */
  inclusion(index: number, size: number): Promise<string[]>
  /** Durable entries `[from, to)`, in order. @param to default: all that are durable now. */
  read(from?: number, to?: number): AsyncIterable<StoredEntry>
  /** Writes what waits, signs a last checkpoint and lets the directory go. Calling it again does nothing. */
  close(): Promise<void>
}

export type StoredEntry = { entry: Entry; bytes: Uint8Array }

export type Appended = {
  seq: number
  tMs: UnixMs
  /** RFC 6962 leaf hash, base64url; made when it is asked for. */
  readonly leafHash: string
  /** Resolves when the entry survives a loss of power. A rejection nobody listens to is not reported. */
  durable: Promise<void>
}

export type LedgerLimits = {
  /** A segment is closed when the next batch would take it beyond this. @default 67_108_864 */
  segmentBytes: number
  /** Of all files of the log, the reserve included. @default Infinity: as much as the disk takes */
  maxBytes: number
  /** Kept free for the last entries when the disk runs full. @default 67_108_864 */
  reserveBytes: number
  /** Entries that may wait for the disk before `append` answers `busy`. @default 10_000 */
  queueEntries: number
  /** Bytes that may wait for the disk. @default 33_554_432, and with the hashes of what is unsigned at most half of `reserveBytes` */
  queueBytes: number
  /** New durable entries that a checkpoint is cut for before its time, as soon as the disk has rested from the last. @default 1_024 */
  checkpointEntries: number
  /** With fewer new entries, milliseconds from one checkpoint to the next. @default 1_000 */
  checkpointMs: number
}

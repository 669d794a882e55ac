import { KernelError } from '@hansa/protocols/kernel-error'

export type LedgerErrorDetail =
  /** The disk has no room for another entry, or the log has reached its limit; `log.full` says since when. */
  | { code: 'log_full'; maxBytes?: number }
  /** Too many entries wait for the disk. */
  | { code: 'busy'; waiting: number }
  /** Closed, or stopped by a fault that `onFatal` was told. */
  | { code: 'log_closed' }
  /** Another process, or another opening in this one, holds the directory. */
  | { code: 'log_locked'; directory: string }
  /** Bytes that were acknowledged are not what was written. `seq` is the entry expected there. */
  | { code: 'log_corrupt'; file: string; offset: number; seq: number }
  /** The log is shorter than, or other than, what it once signed. */
  | { code: 'log_rolled_back'; size: number; signedSize: number }
  /** The directory holds the log of another origin, or one that another key signed. */
  | { code: 'log_foreign'; expected: string; found: string }
  /** There is no log in the directory. */
  | { code: 'log_missing'; directory: string }
  /** What is to be written on holds the tiles of another log, or of another history of this one. */
  | { code: 'tiles_foreign'; directory: string; reason: string }
  /** The draft cannot become an entry; nothing was written. */
  | { code: 'entry_refused'; reason: string }
  /** The disk failed; what it holds beyond the last durable entry is unknown. */
  | { code: 'log_broken'; file: string }

/** A failure of the ledger or of the disk under it. */
export class LedgerError extends KernelError<LedgerErrorDetail> {
  override readonly name: string = 'LedgerError'
}

/** The audit log of a kernel and its verifier. Needs neither a network nor a node. */

// Checkpoints (C2SP).
export { type CheckpointVerdict, formatCheckpoint, parseCheckpoint, verifyCheckpoint } from './checkpoint.ts'
// Writing and reading.
export { chainHash, type EntryReading, readEntry } from './entry-bytes.ts'
export { LedgerError, type LedgerErrorDetail } from './errors.ts'
export { fileLogDisk } from './file-log-disk.ts'
export type { Appended, Ledger, LedgerLimits, StoredEntry } from './ledger.ts'

// Disks.
export type { LogDirectory, LogDisk, LogFile } from './log-disk.ts'
export { type MemoryLogDisk, memoryLogDisk } from './memory-log-disk.ts'
export {
  type NoteKey,
  type NoteVerdict,
  type NoteVerifier,
  noteKey,
  parseVkey,
  type VkeyVerdict,
  verifyNote,
} from './note.ts'
export { defaultLedgerLimits, type OpenLedgerInit, openLedger } from './open-ledger.ts'
export { readEntries } from './read-entries.ts'

// Verifying.
export * from './report.ts'
export { type VerifyLogInit, verifyLog } from './verify-log.ts'
export { type LogSource, type VerifyPairInit, verifyPair } from './verify-pair.ts'

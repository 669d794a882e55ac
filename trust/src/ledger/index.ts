/** The audit log of a kernel and its verifier. Needs neither a network nor a node. */

// Checkpoints, signed notes, witnesses and their policies (C2SP).
export {
  formatSubmission,
  judgeSubmission,
  MAX_SUBMISSION_BYTES,
  parseSubmission,
  readSubmissionAnswer,
  type Submission,
  type SubmissionAnswer,
  type SubmissionVerdict,
} from './add-checkpoint.ts'
export { anchorNote } from './anchor-note.ts'
export { type CallSignature, type CallStep, type CallStory, CallTeller } from './call-story.ts'
export { type CheckpointVerdict, formatCheckpoint, parseCheckpoint, verifyCheckpoint } from './checkpoint.ts'
export {
  type CosignerKey,
  type CosignerVerifier,
  cosignerKey,
  parseCosignerVkey,
  verifyCosignatures,
} from './cosignature.ts'
export type { CosignedCheckpoint, CosignedCheckpoints } from './cosigned-checkpoint.ts'
// Entries as bytes.
export { chainHash, type EntryReading, entryText, readEntry } from './entry-bytes.ts'
export { LedgerError, type LedgerErrorDetail } from './errors.ts'
// Exports for one peer.
export { type ExportEntriesInit, exportEntries } from './export-entries.ts'
export { fileLogDisk } from './file-log-disk.ts'
// Reading on.
export { type FollowLogInit, followLog } from './follow-log.ts'
// Forks.
export {
  bareNote,
  type ForkFound,
  type ForkReport,
  forkProof,
  forkProofText,
  type HeadsVerdict,
  judgeHeads,
  type NotedHead,
  type PrefixProof,
  readForkProof,
  verifyForkProof,
} from './fork-proof.ts'
export { Frontier } from './frontier.ts'
export { type Inspected, type Inspection, localInspector, type StretchInspector } from './inspect-stretch.ts'
// The ledger.
export type { Appended, Ledger, LedgerLimits, StoredEntry } from './ledger.ts'
export type { LogDirectory, LogDisk, LogFile } from './log-disk.ts'
export { type LogExtent, logExtent } from './log-extent.ts'
export { firstEntry, type LogLink, linkExt, linkOf, replayFrozenLog } from './log-link.ts'
export { isClosing, type LogRoom } from './log-room.ts'
export { readLogRoom } from './measured-disk.ts'
export { type MemoryLogDisk, memoryLogDisk } from './memory-log-disk.ts'
export {
  type NoteKey,
  type NoteVerdict,
  type NoteVerifier,
  noteKey,
  parseVkey,
  type VkeyVerdict,
  verifyNote,
  withSignaturesOf,
} from './note.ts'
export { defaultLedgerLimits, type OpenLedgerInit, openLedger } from './open-ledger.ts'
// Proofs of single entries (C2SP tlog-proof).
export { type ProveCallInit, type ProvenEntry, proveCall } from './proof/prove-call.ts'
export { formatTlogProof, isTlogProof, MAX_PROOF_CHARS, parseTlogProof, type TlogProof } from './proof/tlog-proof.ts'
export {
  type ProofFault,
  type ProofFaultCode,
  type ProofReport,
  type VerifyProofInit,
  verifyProof,
} from './proof/verify-proof.ts'
// Disks.
export { type AppendedStretch, type GrownTree, type ReadBack, readBack } from './read-back.ts'
export { readEntries } from './read-entries.ts'
// What the verifiers say.
export {
  type CallOutcome,
  type LedgerExitCode,
  type LogFault,
  type LogFaultCode,
  type LogReport,
  ledgerExitCodes,
  type PairFinding,
  type PairFindingCode,
  type PairReport,
  type QuorumReport,
  type Side,
} from './report.ts'
export {
  hashReader,
  type ReadHash,
  storedConsistency,
  storedCount,
  storedInclusion,
  storedIndex,
} from './stored-hashes.ts'
export { readStoredHead } from './stored-head.ts'
export { type StoredProofs, type StoredProofsInit, storedProofs } from './stored-proofs.ts'
export type { Since, Stretch } from './stretch.ts'
export { encodeBundle } from './tiles/entry-bundle.ts'
// Tiled logs (C2SP tlog-tiles).
export { fileTileStore } from './tiles/file-tile-store.ts'
export { type LogTiles, logTiles, type SignedHead } from './tiles/log-tiles.ts'
export type { TileFiles, TileStore } from './tiles/tile-files.ts'
export {
  CHECKPOINT_PATH,
  entriesUnder,
  type HashTile,
  parseTilePath,
  TILE_LEVEL_BITS,
  TILE_WIDTH,
  type Tile,
  tilePath,
} from './tiles/tile-path.ts'
export { tilesLog } from './tiles/tiles-log.ts'
export { type VerifyHashesInit, verifyHashes } from './tiles/verify-hashes.ts'
export { type WriteTilesInit, type WrittenTiles, writeTiles } from './tiles/write-tiles.ts'
export {
  checkQuorum,
  defaultQuorum,
  isQuorum,
  MAX_POLICY_CHARS,
  parseTlogPolicy,
  type QuorumVerdict,
  type TlogPolicy,
  type TlogPolicyFault,
  type TlogPolicyReading,
  witnessQuorum,
} from './tlog-policy.ts'
export { prefixHead, type VerifiedPrefix } from './verified-prefix.ts'
// The verifiers.
export {
  type ExportFault,
  type ExportFaultCode,
  type ExportReport,
  type VerifyExportInit,
  verifyExport,
} from './verify-export.ts'
export { type ExportPairReport, verifyExportPair } from './verify-export-pair.ts'
export { type FrozenSource, type VerifyHistoryInit, verifyHistory } from './verify-history.ts'
export { type VerifyLogInit, verifyLog } from './verify-log.ts'
export { type LogSource, type VerifyPairInit, verifyPair } from './verify-pair.ts'
export { type Spent, type Stopwatch, type VerifyPhase, verifyPhases } from './verify-phases.ts'
export type { WalkedEntry } from './walked-entry.ts'

/** What the verifiers answer with: plain data, in words a person can act on. */
import type { CallId, CheckpointReference, Did } from '@hansa/protocols'
import type { Spent } from './verify-phases.ts'

/** Exit codes of a verifier; 3 is left to whoever parses a command line. */
export const ledgerExitCodes = { clean: 0, consistent: 0, violation: 1, incomplete: 2 } as const
export type LedgerExitCode = (typeof ledgerExitCodes)[keyof typeof ledgerExitCodes]

export type LogFaultCode =
  | 'record_damaged'
  | 'record_order'
  | 'entry_invalid'
  | 'chain_broken'
  | 'origin_changed'
  | 'root_mismatch'
  | 'hash_mismatch'
  | 'tile_missing'
  | 'checkpoint_damaged'
  | 'checkpoint_forged'
  | 'log_truncated'
  | 'history_rewritten'
  | 'call_malformed'
  | 'evidence_forged'
  | 'evidence_contradicts'
  | 'unexpected_bytes'
  | 'link_broken'

/** Something that no crash explains. */
export type LogFault = {
  code: LogFaultCode
  file: string
  /** Bytes from the start of the file. */
  offset: number
  /** The entry it is about. */
  seq?: number
  text: string
}

/** What witnesses say of a log. */
export type QuorumReport = {
  /** Whether those that cosigned are a quorum. */
  reached: boolean
  /** Entries under the cosigned checkpoint. */
  size: number
  /** By the names of the policy; Unix seconds. */
  cosigned: { name: string; time: number }[]
}

export type LogReport = {
  verdict: 'clean' | 'incomplete' | 'violation'
  exitCode: LedgerExitCode
  label: string
  origin?: string
  /** Entries read. */
  size: number
  /** RFC 6962 root over them, base64url; absent when an entry was unreadable. */
  root?: string
  /** The last checkpoint in the directory. */
  checkpoint?: CheckpointReference
  /** Signed checkpoints whose root was recomputed and found right. */
  checkpoints: number
  /** Absent when no witnesses were named. */
  quorum?: QuorumReport
  /** Signatures of the other side, kept in entries, that were verified. */
  evidence: number
  calls: { begun: number; closed: number; open: number }
  /** By entry, at most 100; `faultCount` counts all. */
  faults: LogFault[]
  faultCount: number
  /** What a crash, a call in progress or a wrong clock explains. */
  incomplete: string[]
  /** Worth knowing, and no fault. */
  remarks: string[]
  /** Claims that this directory and these keys cannot settle. */
  unchecked: string[]
  /** By phase, of all threads together; when it was measured. */
  spentMs?: Spent
  /** The logs of the same kernel that were frozen before this one, the newest first. */
  frozen?: LogReport[]
}

export type Side = 'a' | 'b'

export type PairFinding = {
  severity: 'incomplete' | 'violation'
  code: PairFindingCode
  callId?: CallId
  /** Whose doing it is, by all that is here; absent when either may be. */
  blamed?: Side
  /** Of the one who is blamed. `exposed`: what it signed convicts it. `suspected`: a crash, a loss or an older copy explains it too. */
  verdict?: 'suspected' | 'exposed'
  /** Who cannot prove its part, or did work without acknowledgement. */
  withoutProof?: Side
  /** Where to look: entries of either log. */
  entries: { side: Side; seq: number }[]
  text: string
}

export type PairFindingCode =
  | 'intent_denied'
  | 'intent_differs'
  | 'acceptance_missing'
  | 'outcome_missing'
  | 'receipt_missing'
  | 'receipt_contradicts'
  | 'receipt_disowned'
  | 'inclusion_broken'
  | 'ack_missing'
  | 'ack_contradicts'
  | 'result_open'
  | 'result_withheld'
  | 'call_open'
  | 'checkpoint_contradicts'
  | 'lost_by_restore'
  | 'outside_export'

export type PairReport = {
  verdict: 'consistent' | 'incomplete' | 'violation'
  exitCode: LedgerExitCode
  /** `did` is absent when it was not given and the logs have no call in common. */
  a: { did?: Did; log: LogReport }
  b: { did?: Did; log: LogReport }
  /** Calls between the two, both directions, by what became of them. */
  calls: Partial<Record<CallOutcome, number>>
  /** At most 1,000; `findingCount` counts all. */
  findings: PairFinding[]
  findingCount: number
  unchecked: string[]
}

/** The status of the receipt, or what stands in its place. */
export type CallOutcome =
  | 'ok'
  | 'denied'
  | 'approval_required'
  | 'input_required'
  | 'failed'
  | 'outcome_unknown'
  /** The receipt says ok, and the asking side's own firewall kept the result. */
  | 'withheld'
  /** The receipt says ok, and the result that it commits to did not arrive. */
  | 'undelivered'
  /** The asking side's own policy refused; nothing was sent. */
  | 'refused_locally'
  /** The asking side closed it, and the other side never accepted it. */
  | 'never_accepted'
  /** One side lacks an outcome, or a receipt that it should hold. */
  | 'unfinished'

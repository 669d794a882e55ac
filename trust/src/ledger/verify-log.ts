/**
 * Verifies the log in a directory: offline, without changing a byte, and also while a ledger writes to it.
 *
 * The key comes from outside the directory. What a single directory cannot show, such as a rewrite by the holder of the
 * key, is listed in the report instead of being passed over (wire.md, "What a single log can prove").
 */
import type { CallId, CheckpointReference } from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { CallRules } from './call-rules.ts'
import { EntryJudge } from './entry-judge.ts'
import { LedgerError } from './errors.ts'
import { FaultList } from './fault-list.ts'
import { localInspector, type StretchInspector } from './inspect-stretch.ts'
import type { LogDirectory } from './log-disk.ts'
import { CHECKPOINT_FILE, ENTRIES, RESERVE_FILE } from './log-files.ts'
import { type NoteVerifier, parseVkey } from './note.ts'
import { type LogReport, ledgerExitCodes } from './report.ts'
import { type StoredCheckpoint, type StoredCheckpoints, storedCheckpoints } from './stored-checkpoints.ts'
import type { Since } from './stretch.ts'
import type { TlogPolicy } from './tlog-policy.ts'
import { PhaseTimes, type Stopwatch } from './verify-phases.ts'
import { findQuorum, type QuorumFinding } from './verify-quorum.ts'
import { type ClaimedRoot, LogWalk, type WalkResult } from './walk-log.ts'
import type { WalkedEntry } from './walked-entry.ts'

const MAX_LISTED = 20
/** What a log by itself cannot show, and the log of another kernel does up to a point. */
export const NO_OTHER_VIEW =
  "Nobody else's view was given: a log rewritten by the holder of its key would not be noticed."
const CHUNK_BYTES = 1_048_576
const ZEROS = Buffer.alloc(CHUNK_BYTES)

export type VerifyLogInit = {
  /** Verifier key of the log, from outside: a pinned peer, a manifest, an operator. Without it no signature of the log counts. */
  vkey?: string
  /** A checkpoint that somebody kept: it shows truncation, and a rewrite by the holder of the key. */
  remembered?: CheckpointReference
  /** Witnesses from outside, and which of them are a quorum. */
  witnesses?: TlogPolicy
  /** For the keys of peers whose signed objects are in the log. @default did:key only, which needs no network */
  resolver?: KeyResolver
  /** Calls whose outcome is in a log that follows this one. */
  closedLater?: ReadonlySet<CallId>
  /** Verifies the signed objects of entries from here on only; everything else is verified from the first entry. */
  since?: Since
  /** Inspects stretches of entries, perhaps in other threads; resolves the keys of peers by itself. @default in this thread, with `resolver` */
  inspector?: StretchInspector
  /** Puts into the report what was spent on what. @default nothing is measured */
  stopwatch?: Stopwatch
  /** Sees every readable entry in order, with what was found of the evidence in it. */
  visit?(walked: WalkedEntry): void
}

/**
 * @throws LedgerError `log_missing` when there is no log in the directory and nothing was remembered of one.
 * @throws RangeError for a vkey that is none.
 */
export async function verifyLog(directory: LogDirectory, init: VerifyLogInit = {}): Promise<LogReport> {
  const names = await directory.list()
  if (!names.some((name) => name.startsWith(`${ENTRIES}-`)) && init.remembered === undefined) {
    throw new LedgerError({ code: 'log_missing', directory: directory.label }, `There is no log in ${directory.label}.`)
  }
  const verifier = init.vkey === undefined ? undefined : noteVerifier(init.vkey)
  const faults = new FaultList()
  const times = new PhaseTimes(init.stopwatch)
  const { resolver, since, visit, stopwatch } = init
  const own = { ...(resolver === undefined ? {} : { resolver }), ...(stopwatch === undefined ? {} : { stopwatch }) }
  const stored = await times.runAsync('checkpoints', () => storedCheckpoints(directory, verifier, faults))
  const walk = new LogWalk({
    directory,
    roots: claimedRoots(stored.all, init.remembered),
    hashed: directory.underlying === undefined ? (stored.all.at(-1)?.head.size ?? 0) : 0,
    faults,
    inspector: init.inspector ?? localInspector(own),
    times,
    since,
  })
  const judge = new EntryJudge({ faults, calls: new CallRules(init.closedLater), resolver, since, visit })
  for await (const entries of walk.entries()) await judge.judge(entries)
  const walked = walk.end()
  await checkReserve(directory, faults)
  checkSigned(stored, walked, faults)
  if (directory.underlying !== undefined) {
    await faults.place(directory.underlying)
    if (walked.torn !== undefined) walked.torn = await directory.underlying.place(walked.torn.file, walked.torn.offset)
    stored.remarks.push(...(await directory.underlying.check(faults)))
  }
  checkOrigin(verifier, walked, faults)
  const witnessed = findQuorum(stored, init.witnesses, faults)
  return report(directory, init, { faults, stored, walked, judge, times, witnessed })
}

function noteVerifier(vkey: string): NoteVerifier {
  const verdict = parseVkey(vkey)
  if (!verdict.ok) throw new RangeError(`not a verifier key: ${verdict.reason}`)
  return verdict.verifier
}

function claimedRoots(stored: readonly StoredCheckpoint[], remembered: CheckpointReference | undefined): ClaimedRoot[] {
  const roots = stored.map(
    (one): ClaimedRoot => ({
      ...one,
      code: 'root_mismatch',
      from: `the checkpoint of ${one.head.size} entries`,
    }),
  )
  if (remembered !== undefined && remembered.size > 0) {
    const from = `the remembered checkpoint of ${remembered.size} entries`
    roots.push({ head: remembered, file: '', offset: 0, code: 'history_rewritten', from })
  }
  return roots.sort((a, b) => a.head.size - b.head.size)
}

/** The reserve says nothing about entries; that it holds only zeros is checked so that no byte of the directory is not. */
async function checkReserve(directory: LogDirectory, faults: FaultList): Promise<void> {
  const size = (await directory.size(RESERVE_FILE)) ?? 0
  for (let from = 0; from < size; from += CHUNK_BYTES) {
    const bytes = await directory.read(RESERVE_FILE, from, Math.min(size, from + CHUNK_BYTES))
    // Compared as a whole: the reserve is larger than most logs, and looking at each byte takes a second.
    if (ZEROS.subarray(0, bytes.length).equals(bytes)) continue
    const at = bytes.findIndex((byte) => byte !== 0)
    const text = 'the reserve holds something else than zeros'
    faults.add({ code: 'unexpected_bytes', file: RESERVE_FILE, offset: from + at, text })
    return
  }
}

/** A ledger signs its first entry before it takes another one. */
function checkSigned(stored: StoredCheckpoints, walked: WalkResult, faults: FaultList): void {
  if (stored.all.length > 0 || walked.size < 2 || faults.count > 0) return
  faults.add({ code: 'checkpoint_damaged', file: CHECKPOINT_FILE, offset: 0, seq: 0, text: 'there is no checkpoint' })
}

function checkOrigin(verifier: NoteVerifier | undefined, { origin }: WalkResult, faults: FaultList): void {
  if (verifier === undefined || origin === undefined || verifier.name === origin) return
  const text = `the log is ${origin}, and the key is for ${verifier.name}`
  faults.add({ code: 'origin_changed', file: '', offset: 0, seq: 0, text })
}

type Findings = {
  faults: FaultList
  stored: StoredCheckpoints
  walked: WalkResult
  judge: EntryJudge
  times: PhaseTimes
  witnessed: QuorumFinding
}

function report(directory: LogDirectory, init: VerifyLogInit, findings: Findings): LogReport {
  const { faults, stored, walked, judge, times, witnessed } = findings
  const incomplete = whatIsIncomplete(findings)
  const verdict = faults.count > 0 ? 'violation' : incomplete.length > 0 ? 'incomplete' : 'clean'
  const checkpoint = stored.all.at(-1)?.head
  return {
    verdict,
    exitCode: ledgerExitCodes[verdict],
    label: directory.label,
    ...(walked.origin === undefined ? {} : { origin: walked.origin }),
    size: walked.size,
    ...(walked.root === undefined ? {} : { root: walked.root }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    checkpoints: walked.rootsChecked,
    ...(witnessed.quorum === undefined ? {} : { quorum: witnessed.quorum }),
    evidence: judge.evidence,
    calls: judge.calls.counts,
    faults: faults.inOrder(),
    faultCount: faults.count,
    incomplete,
    remarks: [...judge.remarks, ...stored.remarks],
    unchecked: whatIsUnchecked(init, findings),
    ...(init.stopwatch === undefined ? {} : { spentMs: times.spent }),
  }
}

function whatIsIncomplete({ walked, judge, witnessed }: Findings): string[] {
  const incomplete = [...witnessed.incomplete]
  if (walked.torn !== undefined) {
    incomplete.push(
      `${walked.torn.file} ends in an unfinished record at byte ${walked.torn.offset}; it was never acknowledged.`,
    )
  }
  if (walked.size === 0) incomplete.push('The log holds no entry yet.')
  incomplete.push(...judge.doubts)
  for (const [id, seq] of judge.calls.open()) {
    if (incomplete.length >= MAX_LISTED + judge.doubts.length) break
    incomplete.push(`Call ${id}, begun by entry ${seq}, has no outcome.`)
  }
  return incomplete
}

function whatIsUnchecked({ vkey, remembered }: VerifyLogInit, findings: Findings): string[] {
  const { walked, stored, judge, faults, witnessed } = findings
  const unchecked = [...witnessed.unchecked]
  const vouched = witnessed.quorum?.reached === true ? witnessed.quorum.size : 0
  const signed = stored.all.at(-1)?.head.size ?? 0
  if (vkey === undefined) unchecked.push('No key of the log was given: who signed the checkpoints was not checked.')
  if (remembered === undefined && vouched > 0) {
    unchecked.push(
      `Only the first ${vouched} entries are known from outside, by the witnesses: what follows may have been rewritten by the holder of the key.`,
    )
  } else if (remembered === undefined) {
    unchecked.push(
      'No remembered checkpoint was given: entries cut off the end together with their checkpoints would not be noticed.',
    )
    unchecked.push(NO_OTHER_VIEW)
  } else {
    unchecked.push(
      `Only the first ${remembered.size} entries are known from outside: what follows may have been rewritten by the holder of the key.`,
    )
  }
  if (walked.size > signed) {
    unchecked.push(`Entries from ${signed} on are under no signed checkpoint yet.`)
  }
  if (walked.root === undefined && faults.count > 0) {
    unchecked.push('Behind the first unreadable entry, checkpoints could not be compared with the entries.')
  }
  if (judge.skipped > 0) {
    const to = judge.firstJudged ?? walked.size
    unchecked.push(
      `Of the entries before ${to}, form, chain and tree were checked, and not the signatures of other kernels in them.`,
    )
  }
  for (const peer of judge.unresolved)
    unchecked.push(`The key of ${peer} is not at hand: its signatures were not checked.`)
  return unchecked
}

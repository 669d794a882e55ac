/**
 * Verifies two logs and holds them against each other: for every call between the two kernels, intent, acceptance,
 * outcome, receipt and acknowledgement must name each other, and every checkpoint that one side saw of the other must be
 * part of the other's log.
 *
 * Each log is expected to be at least as new as what the other one says of it. Directories of running kernels are:
 * entries that appear while the verifier reads are not held against the side that has not written its part yet. Copies
 * are when both were made while no call was under way.
 */
import type { CallId, CheckpointReference, Did } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import { leafHash } from '../merkle/hashing.ts'
import { isSignedAnchor } from './anchor-note.ts'
import { Frontier } from './frontier.ts'
import type { LogDirectory } from './log-disk.ts'
import { ENTRIES } from './log-files.ts'
import { addFacts, askedIn, type CallFacts, callWith, type LogFacts, noFacts, servedIn } from './pair-facts.ts'
import { compareCall } from './pair-findings.ts'
import { recordFiles, scanFile } from './record-files.ts'
import { type LogReport, ledgerExitCodes, type PairFinding, type PairReport, type Side } from './report.ts'
import { GapFinder, type RestoreGap } from './restore-gap.ts'
import type { TlogPolicy } from './tlog-policy.ts'
import { type FrozenSource, verifyHistory } from './verify-history.ts'
import { NO_OTHER_VIEW, type VerifyLogInit } from './verify-log.ts'
import type { WalkedEntry } from './walked-entry.ts'

const MAX_FINDINGS = 1000

export type LogSource = {
  disk: LogDirectory
  /** Verifier key of the log, from outside. */
  vkey?: string
  /** The kernel whose log it is; without it, whom the other log names as the peer of a call that both hold. */
  did?: Did
  remembered?: CheckpointReference
  /** Witnesses of the log, and which of them are a quorum. */
  witnesses?: TlogPolicy
  /** Logs of the same kernel that were frozen before this one, the newest first. */
  frozen?: readonly FrozenSource[]
}

export type VerifyPairInit = Pick<VerifyLogInit, 'resolver' | 'inspector' | 'stopwatch'> & {
  /** Compares only calls of which no entry is before this time, unix ms; and see `VerifyLogInit`. */
  since?: { tMs: number }
  /** Sees every readable entry of both logs, each in order. */
  visit?(side: Side, walked: WalkedEntry): void
}

type ReadLog = {
  did: Did | undefined
  log: LogReport
  facts: LogFacts
  /** Calls with an entry before the time since which calls are compared. */
  early: Set<CallId>
  gaps: RestoreGap[]
  disks: LogDirectory[]
  /** Entries of the log that are under a checkpoint of it in the other one. */
  pinned: number
  /** Keys of the logs on `disks`, where they are known. */
  vkeys: (string | undefined)[]
}

/** @throws LedgerError `log_missing`; RangeError for a vkey that is none. */
export async function verifyPair(a: LogSource, b: LogSource, init: VerifyPairInit = {}): Promise<PairReport> {
  const [newInA, newInB] = [await ends(a.disk), await ends(b.disk)]
  const readA = await readLog('a', a, newInA, init)
  const readB = await readLog('b', b, newInB, init)
  readA.did ??= peerOfSharedCall(readA, readB)
  readB.did ??= peerOfSharedCall(readB, readA)
  const pair = new PairWalk(readA, readB)
  pair.compareCalls()
  await pair.compareCheckpoints()
  return pair.report()
}

/** Where each file of entries ends now: what lies beyond is late. */
async function ends(disk: LogDirectory): Promise<Map<string, number>> {
  return new Map((await recordFiles(disk, ENTRIES)).map(({ name, size }) => [name, size]))
}

async function readLog(
  side: Side,
  source: LogSource,
  known: Map<string, number>,
  init: VerifyPairInit,
): Promise<ReadLog> {
  const facts = noFacts()
  const early = new Set<CallId>()
  const finder = new GapFinder()
  const { vkey, remembered, witnesses, disk, frozen = [] } = source
  // Files of a frozen log have names that the log itself has too, and nothing in them is late.
  let current: string | undefined
  const log = await verifyHistory(disk, {
    ...init,
    ...(vkey === undefined ? {} : { vkey }),
    ...(remembered === undefined ? {} : { remembered }),
    ...(witnesses === undefined ? {} : { witnesses }),
    frozen,
    visit(walked) {
      current ??= walked.origin
      const late = walked.origin === current && walked.end > (known.get(walked.file) ?? 0)
      finder.add(walked)
      init.visit?.(side, walked)
      if (walked.evidence?.kind === 'skipped') {
        for (const call of walked.calls) early.add(call)
      } else if (walked.calls.length > 0 || walked.type === 'peer.checkpoint') {
        addFacts(facts, walked, walked.verdict, late)
      }
    },
  })
  const disks = [disk, ...frozen.map((one) => one.disk)]
  const vkeys = [vkey, ...frozen.map((one) => one.vkey)]
  return { did: source.did, log, facts, early, gaps: finder.gaps(), disks, vkeys, pinned: 0 }
}

/** Whom `other` names as the peer of a call that both logs hold. */
function peerOfSharedCall(own: ReadLog, other: ReadLog): Did | undefined {
  for (const [id, { peer }] of other.facts.calls) {
    if (peer !== undefined && own.facts.calls.has(id)) return peer
  }
  return undefined
}

/** A side that only has an outcome refused at home, or is the one that the other side asked. */
function whoAsked(ofA: CallFacts | undefined, ofB: CallFacts | undefined): Side {
  if (ofA?.asked !== undefined || ofB?.served !== undefined) return 'a'
  return ofB?.asked !== undefined || ofA?.served !== undefined || ofA === undefined ? 'b' : 'a'
}

type KeyedLog = { disk: LogDirectory; vkey: string | undefined }

/**
 * A checkpoint that one side kept and the log of the other does not lead to. Copies of different ages explain that a log
 * ends before; nothing explains another root under a signature of the same key.
 * @param here its root at that size
 */
function contradiction(
  size: number,
  here: string | undefined,
  { entries, owner, signed }: Pick<PairFinding, 'entries'> & { owner: Side; signed: boolean },
): PairFinding {
  const code = 'checkpoint_contradicts'
  const kept = `One side holds a checkpoint of ${size} entries of the other's log${signed ? ', signed by its key' : ''}`
  if (here === undefined) {
    const text = `${kept}, and that log ends before: it was cut, or is an older copy.`
    return { severity: 'incomplete', code, entries, blamed: owner, verdict: 'suspected', text }
  }
  if (!signed) {
    const text = `${kept}, with another root: the history was rewritten, or the checkpoint was never real.`
    return { severity: 'violation', code, entries, text }
  }
  const text = `${kept}, and its entries are others now: the history was rewritten.`
  return { severity: 'violation', code, entries, blamed: owner, verdict: 'exposed', text }
}

class PairWalk {
  readonly #a: ReadLog
  readonly #b: ReadLog
  readonly #findings: PairFinding[] = []
  readonly #outcomes: PairReport['calls'] = {}
  #count = 0
  #early = 0
  #violation = false

  constructor(a: ReadLog, b: ReadLog) {
    this.#a = a
    this.#b = b
  }

  compareCalls(): void {
    const ids = new Set<CallId>()
    const early = this.#a.early.union(this.#b.early)
    this.#early = early.size
    for (const [id, { peer }] of this.#a.facts.calls) if (this.#concerns(peer, this.#b)) ids.add(id)
    for (const [id, { peer }] of this.#b.facts.calls) if (this.#concerns(peer, this.#a)) ids.add(id)
    for (const id of ids) {
      if (early.has(id)) continue
      const ofA = callWith(this.#b.did, this.#a.facts, id)
      const ofB = callWith(this.#a.did, this.#b.facts, id)
      const asker = whoAsked(ofA, ofB)
      if (asker === 'a') this.#compare(id, asker, ofA, ofB)
      else this.#compare(id, asker, ofB, ofA)
    }
  }

  /** A checkpoint that one side says it saw of the other must come out of the other's entries. */
  async compareCheckpoints(): Promise<void> {
    await this.#compareSeen('a', this.#a, this.#b)
    await this.#compareSeen('b', this.#b, this.#a)
  }

  report(): PairReport {
    const [a, b] = [this.#a, this.#b]
    const violation = this.#violation || a.log.verdict === 'violation' || b.log.verdict === 'violation'
    const incomplete = this.#count > 0 || a.log.verdict === 'incomplete' || b.log.verdict === 'incomplete'
    const verdict = violation ? 'violation' : incomplete ? 'incomplete' : 'consistent'
    return {
      verdict,
      exitCode: ledgerExitCodes[verdict],
      a: { ...(a.did === undefined ? {} : { did: a.did }), log: inPair(a.log) },
      b: { ...(b.did === undefined ? {} : { did: b.did }), log: inPair(b.log) },
      calls: this.#outcomes,
      findings: this.#findings,
      findingCount: this.#count,
      unchecked: this.#unchecked(),
    }
  }

  #concerns(peer: Did | undefined, other: ReadLog): boolean {
    return peer !== undefined && peer === other.did
  }

  #compare(id: CallId, asker: Side, asking: CallFacts = {}, serving: CallFacts = {}): void {
    const [mine, other] = asker === 'a' ? [this.#a, this.#b] : [this.#b, this.#a]
    const gaps = { asker: mine.gaps, server: other.gaps }
    const { outcome, findings } = compareCall({ id, asker, asked: askedIn(asking), served: servedIn(serving), gaps })
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1
    for (const finding of findings) this.#add(finding)
  }

  async #compareSeen(side: Side, seer: ReadLog, seen: ReadLog): Promise<void> {
    for (const [at, log] of [seen.log, ...(seen.log.frozen ?? [])].entries()) {
      const disk = seen.disks[at]
      if (disk === undefined) continue
      const pinned = await this.#compareSeenOf(side, seer, log, { disk, vkey: seen.vkeys[at] })
      if (at === 0) seen.pinned = pinned
    }
  }

  /** @returns the size of the largest checkpoint that came out. */
  async #compareSeenOf(side: Side, seer: ReadLog, log: LogReport, { disk, vkey }: KeyedLog): Promise<number> {
    const claims = [...seer.facts.seen.values()].filter(({ origin }) => origin === log.origin)
    // A log that cannot be read to its end is found fault with already.
    if (claims.length === 0 || log.root === undefined) return 0
    let pinned = 0
    const roots = await rootsAt(disk, new Set(claims.map(({ size }) => size)))
    for (const claim of claims) {
      const { size, root, seq, late } = claim
      const here = roots.get(size)
      if (here === root) pinned = Math.max(pinned, size)
      if (here === root || (here === undefined && late)) continue
      this.#add(
        contradiction(size, here, {
          entries: [{ side, seq }],
          owner: side === 'a' ? 'b' : 'a',
          signed: isSignedAnchor(claim.note, claim, vkey),
        }),
      )
    }
    return pinned
  }

  #add(finding: PairFinding): void {
    this.#count++
    this.#violation ||= finding.severity === 'violation'
    if (this.#findings.length < MAX_FINDINGS) this.#findings.push(finding)
  }

  #unchecked(): string[] {
    const unchecked: string[] = []
    if (this.#a.did === undefined || this.#b.did === undefined) {
      unchecked.push('The logs have no call in common and no DIDs were given: no call was compared.')
    }
    if (this.#early > 0) {
      const calls = this.#early === 1 ? '1 call' : `${this.#early} calls`
      unchecked.push(`Not compared, because an entry of each is before the given time: ${calls}.`)
    }
    const unanswered = this.#outcomes.never_accepted ?? 0
    if (unanswered > 0) {
      const calls = unanswered === 1 ? '1 call was' : `${unanswered} calls were`
      unchecked.push(
        `${calls} sent and never accepted: what did not arrive and what was left unanswered look the same.`,
      )
    }
    for (const [side, other, { log, pinned }] of [
      ['a', 'b', this.#a],
      ['b', 'a', this.#b],
    ] as const) {
      if (pinned >= log.size) continue
      unchecked.push(
        `Entries of ${side} from ${pinned} on are under no checkpoint that ${other} holds: the key of ${side} could have written them anew, save for what receipts promise.`,
      )
    }
    unchecked.push('Calls that both sides left out of their logs cannot be seen here.')
    return unchecked
  }
}

/** How far the other log pins this one is said of the pair. */
function inPair(log: LogReport): LogReport {
  return { ...log, unchecked: log.unchecked.filter((one) => one !== NO_OTHER_VIEW) }
}

/** Roots of the log at the given sizes, those that it reaches; one light pass. */
async function rootsAt(disk: LogDirectory, sizes: ReadonlySet<number>): Promise<Map<number, string>> {
  const roots = new Map<number, string>()
  const frontier = new Frontier()
  for (const file of await recordFiles(disk, ENTRIES)) {
    for await (const { records } of scanFile(disk, file)) {
      for (const { bytes } of records) {
        frontier.append(leafHash(bytes))
        if (sizes.has(frontier.size)) roots.set(frontier.size, encodeBase64url(frontier.root()))
      }
    }
  }
  return roots
}

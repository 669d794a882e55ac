/**
 * Holds an audit export against the log of the kernel that it was made for: for every call between the two, both must
 * tell the same. What happened outside the time that the export speaks of is not held against it.
 */
import type { CallId, Did } from '@hansa/protocols'
import { addFacts, askedIn, type CallFacts, callWith, type LogFacts, noFacts, servedIn } from './pair-facts.ts'
import { compareCall } from './pair-findings.ts'
import { type CallOutcome, type LogReport, ledgerExitCodes, type PairFinding } from './report.ts'
import { GapFinder, type RestoreGap } from './restore-gap.ts'
import { type ExportReport, type ReadExport, readExport, type VerifyExportInit } from './verify-export.ts'
import { verifyHistory } from './verify-history.ts'
import type { LogSource } from './verify-pair.ts'

const MAX_FINDINGS = 1000

/** What two clocks may differ, ms (security.md B0.4): calls at the edge of the export are given the benefit. */
const SKEW_MS = 60_000

export type ExportPairReport = {
  verdict: 'consistent' | 'incomplete' | 'violation'
  exitCode: 0 | 1 | 2
  /** Side `b` of the findings. */
  exported: ExportReport
  /** Side `a` of the findings. */
  own: LogReport
  /** Calls between the two, in the time of the export, by what became of them. */
  calls: Partial<Record<CallOutcome, number>>
  findings: PairFinding[]
  findingCount: number
  unchecked: string[]
}

/** @throws LedgerError `log_missing`; RangeError for a vkey that is none. */
export async function verifyExportPair(
  lines: AsyncIterable<string>,
  own: LogSource,
  init: VerifyExportInit = {},
): Promise<ExportPairReport> {
  const read = await readExport(lines, init)
  const facts = noFacts()
  const { from_ms: fromMs = 0, through_ms: throughMs = 0, from = 0 } = read.header ?? {}
  const early = new Set<CallId>()
  const finder = new GapFinder()
  const log = await verifyHistory(own.disk, {
    ...(init.resolver === undefined ? {} : { resolver: init.resolver }),
    ...(own.vkey === undefined ? {} : { vkey: own.vkey }),
    ...(own.remembered === undefined ? {} : { remembered: own.remembered }),
    frozen: own.frozen ?? [],
    visit(walked) {
      const { tMs } = walked
      finder.add(walked)
      // What came before the first entry that was looked at, or before that log began, is not in the export.
      const isEarly = tMs < fromMs + (from > 0 ? SKEW_MS : -SKEW_MS)
      if (isEarly) for (const call of walked.calls) early.add(call)
      addFacts(facts, walked, walked.verdict, tMs > throughMs - SKEW_MS)
    },
  })
  return reportOf(read, { facts, early, log, gaps: finder.gaps(), did: own.did })
}

/** What the log of the side that was given the export holds. */
type OwnLog = {
  did: Did | undefined
  facts: LogFacts
  /** Calls with an entry before the time that the export speaks of. */
  early: ReadonlySet<CallId>
  log: LogReport
  gaps: RestoreGap[]
}

function reportOf(read: ReadExport, { did, facts, early, log, gaps }: OwnLog): ExportPairReport {
  const { report: exported, header } = read
  const size = exported.checkpoint?.size ?? 0
  const from = header?.from ?? 0
  const findings: PairFinding[] = []
  const otherLogs = new Set<string>()
  const calls: ExportPairReport['calls'] = {}
  for (const id of new Set([...facts.calls.keys(), ...read.facts.calls.keys()])) {
    const ofOwn = callWith(header?.kernel, facts, id)
    const ofExport = callWith(did ?? header?.peer, read.facts, id)
    if (ofOwn === undefined && ofExport === undefined) continue
    const receipt = ofOwn?.asked?.receipt
    const promised = receipt?.log
    const isEarly = early.has(id)
    // Of a call in whose middle the export begins it has to hold what a receipt promises behind that, and no more.
    if (isEarly && (promised === undefined || promised.origin !== exported.origin)) continue
    if (promised !== undefined && promised.origin !== exported.origin) {
      otherLogs.add(promised.origin)
      continue
    }
    if (promised !== undefined && (promised.index >= size || promised.index < from)) {
      // The header is not signed: beyond its entries is only what is beyond the time that it speaks of.
      const excused = promised.index >= size ? receipt?.late : isEarly
      if (excused !== true) findings.push(outsideExport(id, promised.index, ofOwn?.asked))
      continue
    }
    if (ofExport === undefined && promised === undefined && isLate(ofOwn)) continue
    // What is promised and missing is missing, whatever the clocks say.
    const missing = promised !== undefined && ofExport?.outcome === undefined
    const compared = compare(id, missing ? dated(ofOwn) : ofOwn, ofExport, gaps)
    calls[compared.outcome] = (calls[compared.outcome] ?? 0) + 1
    findings.push(...compared.findings.filter(({ code }) => !isEarly || code !== 'acceptance_missing'))
  }
  const wrong = findings.some(({ severity }) => severity === 'violation')
  const violation = wrong || exported.verdict === 'violation' || log.verdict === 'violation'
  const incomplete = findings.length > 0 || log.verdict === 'incomplete'
  const verdict = violation ? 'violation' : incomplete ? 'incomplete' : 'consistent'
  return {
    verdict,
    exitCode: ledgerExitCodes[verdict],
    exported,
    own: log,
    calls,
    findings: findings.slice(0, MAX_FINDINGS),
    findingCount: findings.length,
    unchecked: [
      ...exported.unchecked.slice(0, -1),
      ...[...otherLogs]
        .slice(0, 20)
        .map((origin) => `Calls that receipts place in ${origin}: this export is of another log.`),
      `Calls after ${new Date((header?.through_ms ?? 0) - SKEW_MS).toISOString()} are not held against the export.`,
      'Calls that both sides left out of their logs cannot be seen here.',
    ],
  }
}

/** A clock that was set explains it as well as a lie, so it is no violation. */
function outsideExport(callId: CallId, index: number, { sent, receipt }: CallFacts['asked'] = {}): PairFinding {
  return {
    severity: 'incomplete',
    code: 'outside_export',
    callId,
    blamed: 'b',
    verdict: 'suspected',
    entries: [sent, receipt].flatMap((mark) => (mark === undefined ? [] : [{ side: 'a' as const, seq: mark.seq }])),
    text: `The export speaks of the time of this call, and leaves out entry ${index}, which the receipt of its kernel promises. Ask for an export from the beginning, under a checkpoint of now.`,
  }
}

function compare(id: CallId, ofOwn: CallFacts | undefined, ofExport: CallFacts | undefined, own: RestoreGap[]) {
  const ownAsked = ofOwn?.asked !== undefined || (ofOwn?.served === undefined && ofExport?.asked === undefined)
  const [asking, serving] = ownAsked ? [ofOwn, ofExport] : [ofExport, ofOwn]
  return compareCall({
    id,
    asker: ownAsked ? 'a' : 'b',
    asked: askedIn(asking ?? {}),
    served: servedIn(serving ?? {}),
    gaps: ownAsked ? { asker: own, server: [] } : { asker: [], server: own },
  })
}

/** A receipt names an entry that the export reaches: that settles what the clocks leave open. */
function dated(own: CallFacts | undefined): CallFacts | undefined {
  const { sent, receipt } = own?.asked ?? {}
  if (own === undefined || receipt === undefined) return own
  const asked = {
    receipt: { ...receipt, late: false },
    ...(sent === undefined ? {} : { sent: { ...sent, late: false } }),
  }
  return { ...own, asked }
}

/** The receiver's own log wrote it at the end of the time that the export speaks of. */
function isLate({ asked, served, outcome }: CallFacts = {}): boolean {
  const marks = [asked?.sent, asked?.receipt, served?.intent, served?.accepted, served?.ack, outcome]
  return marks.some((mark) => mark?.late === true)
}

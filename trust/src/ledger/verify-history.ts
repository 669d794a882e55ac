/**
 * Verifies the log of a kernel with those before it: each on its own, and the link from each to the one before. The key
 * of a frozen log may come from outside too; without it, its successor's word counts, which the successor's key signed.
 */
import type { CallId } from '@hansa/protocols'
import type { LogDirectory } from './log-disk.ts'
import { firstEntry, type LogLink, linkOf } from './log-link.ts'
import { type LogFault, type LogReport, ledgerExitCodes } from './report.ts'
import type { Since } from './stretch.ts'
import { type VerifyLogInit, verifyLog } from './verify-log.ts'
import type { WalkedEntry } from './walked-entry.ts'

export type FrozenSource = {
  disk: LogDirectory
  /** From outside. @default the key that the successor names */
  vkey?: string
}

export type VerifyHistoryInit = VerifyLogInit & {
  /** Logs that were frozen before this one, the newest first. */
  frozen?: readonly FrozenSource[]
}

const OUTCOMES: ReadonlySet<string> = new Set(['outcome', 'receipt.received'])

/**
 * @returns the report of the log itself, with the reports of those before it in `frozen`, the newest first; verdict and
 * exit code are of all of them.
 * @throws LedgerError `log_missing`; RangeError for a vkey that is none.
 */
export async function verifyHistory(directory: LogDirectory, init: VerifyHistoryInit = {}): Promise<LogReport> {
  const { frozen = [], ...own } = init
  const closed = new Set<CallId>()
  const visit: VerifyLogInit['visit'] = (walked) => {
    if (frozen.length > 0) noteOutcome(closed, walked)
    own.visit?.(walked)
  }
  const report = await verifyLog(directory, { ...own, visit })
  const reports: LogReport[] = []
  let [above, link] = [report, await linkIn(directory)]
  for (const { disk, vkey } of frozen) {
    if (link === undefined) {
      reports.push(broken(await verifyLog(disk), above, 'the log that follows does not name it'))
      break
    }
    // Witnesses have seen the last log last; what they said of a frozen one is in no backup.
    const { remembered: _ofTheLast, witnesses: _also, since, ...common } = own
    const init = {
      ...common,
      ...sinceOfFrozen(since),
      vkey: vkey ?? link.vkey,
      remembered: link.previous,
      visit,
      closedLater: new Set(closed),
    }
    const found = await verifyLog(disk, init)
    reports.push(checkLink(found, link, above))
    above = found
    link = await linkIn(disk)
  }
  const remarks = link === undefined ? [] : [missing(link)]
  return together(report, reports, remarks)
}

/** Everything in a frozen log is before any entry of the one that follows. */
function sinceOfFrozen(since: Since | undefined): { since?: Since } {
  if (since === undefined) return {}
  return { since: 'seq' in since ? { seq: Number.MAX_SAFE_INTEGER } : since }
}

function noteOutcome(closed: Set<CallId>, { type, callId }: WalkedEntry): void {
  if (callId !== undefined && OUTCOMES.has(type)) closed.add(callId)
}

async function linkIn(directory: LogDirectory): Promise<LogLink | undefined> {
  // What cannot be read is in the report of this log already.
  const first = await firstEntry(directory).catch(() => undefined)
  return first === undefined ? undefined : linkOf(first)
}

function missing({ previous }: LogLink): string {
  return `The log follows ${previous.origin}, frozen at ${previous.size} entries, which is not here: what it held was not checked.`
}

/** A frozen log ends exactly where its successor says. */
function checkLink(report: LogReport, { previous }: LogLink, above: LogReport): LogReport {
  if (report.origin !== undefined && report.origin !== previous.origin)
    return broken(report, above, `the log that follows names ${previous.origin}`)
  if (report.size > previous.size)
    return broken(report, above, `it goes on behind ${previous.size} entries, where it was frozen`)
  return report
}

function broken(report: LogReport, { label, origin }: LogReport, reason: string): LogReport {
  const text = `${report.origin ?? report.label} does not fit ${origin ?? label}: ${reason}`
  const fault: LogFault = { code: 'link_broken', file: '', offset: 0, text }
  return {
    ...report,
    verdict: 'violation',
    exitCode: ledgerExitCodes.violation,
    faults: [...report.faults, fault],
    faultCount: report.faultCount + 1,
  }
}

function together(report: LogReport, frozen: LogReport[], unchecked: string[]): LogReport {
  const all = [report, ...frozen]
  const worst = (['violation', 'incomplete'] as const).find((verdict) => all.some((one) => one.verdict === verdict))
  const verdict = worst ?? 'clean'
  return {
    ...report,
    verdict,
    exitCode: ledgerExitCodes[verdict],
    unchecked: [...report.unchecked, ...unchecked],
    ...(frozen.length === 0 ? {} : { frozen }),
  }
}

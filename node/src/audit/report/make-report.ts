/** Verifies the logs of a kernel and reports what they show of each control, in the same pass. */
import type { Clock, Did } from '@hansa/protocols'
import { verifyHistory } from '@hansa/trust/ledger'
import type { ReadableLog } from '../signed-entries.ts'
import { ControlReport, type Period } from './control-report.ts'
import type { Framework } from './framework.ts'
import type { AuditReport } from './report-markdown.ts'

export type MakeReportInit = {
  kernel: Did
  /** Oldest first; the last one is the one that is written. */
  logs: readonly ReadableLog[]
  frameworks: readonly Framework[]
  period: Period
  clock: Clock
}

/** @throws LedgerError `log_missing` */
export async function makeReport(init: MakeReportInit): Promise<AuditReport> {
  const { kernel, period, clock } = init
  const [own, ...frozen] = init.logs.toReversed()
  if (own === undefined) throw new RangeError('no log to report on')
  const report = new ControlReport(period)
  const verified = await verifyHistory(own.directory, {
    vkey: own.vkey,
    frozen: frozen.map(({ directory: disk, vkey }) => ({ disk, vkey })),
    visit: ({ entry, leafHash }) => report.note(entry, leafHash),
  })
  const { frozen: older = [] } = verified
  return {
    kernel,
    period,
    made: clock.now(),
    logs: [verified, ...older].map(({ origin, label, size, verdict }) => ({ origin: origin ?? label, size, verdict })),
    entries: report.entries,
    unchecked: verified.unchecked,
    frameworks: report.findings(init.frameworks),
  }
}

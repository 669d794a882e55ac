/** One log, verified as often as the time allows, in one thread; and what each part of that allows by itself. */
import { hash } from 'node:crypto'
import { fileLogDisk, type LogReport, readEntries, type VerifyPhase, verifyLog } from '@hansa/trust/ledger'
import { percentile } from '../measure/percentile.ts'
import type { Operation } from '../micro/operation.ts'
import type { OperationRow } from '../report/bench-report.ts'
import { benchLogIn, openBenchLog } from './bench-log.ts'
import { servedCalls } from './served-calls.ts'

const VERIFIED_CALLS = 1_024
/** Compiled before it is timed. */
const WARM = 2

/** Records, chain, tree, form, checkpoints, and each signature in an entry. */
export const logVerify: Operation = verification('log verify, per entry', (elapsedMs, { size }) => elapsedMs / size)

/** What a verifier cannot do without that looks at nothing inside the entries. */
export const logVerifyChained: Operation = verification('log verify, framing, chain and tree, per entry', (_, report) =>
  each(report, report.size, ['framing', 'chain', 'tree']),
)

export const logVerifyForm: Operation = verification('log verify, form, per entry', (_, report) =>
  each(report, report.size, ['form']),
)

export const logVerifySignatures: Operation = verification('log verify, per signature of the other side', (_, report) =>
  each(report, report.evidence, ['signatures']),
)

/** The least that chain and tree take: each entry is hashed twice, whatever program does it. */
export const entryHashes: Operation = {
  name: 'SHA-256 of an entry, twice',
  async run(durationMs, directory) {
    await writtenLog(directory)
    const entries: Uint8Array[] = []
    for await (const { bytes } of readEntries(fileLogDisk(benchLogIn(directory)))) entries.push(bytes)
    return repeated(this.name, durationMs, async () => {
      const started = performance.now()
      for (const bytes of entries) {
        hash('sha256', bytes, 'binary')
        hash('sha256', bytes, 'binary')
      }
      return (performance.now() - started) / entries.length
    })
  },
}

/** @param msOf one of what the row is about, given the time of the whole verification, ms */
function verification(name: string, msOf: (elapsedMs: number, report: LogReport) => number): Operation {
  return {
    name,
    async run(durationMs, directory) {
      const vkey = await writtenLog(directory)
      return repeated(name, durationMs, async () => {
        const started = performance.now()
        const stopwatch = () => performance.now()
        const report = await verifyLog(fileLogDisk(benchLogIn(directory)), { vkey, stopwatch })
        if (report.verdict !== 'clean') throw new Error(`the log is not clean: ${report.faults[0]?.text}`)
        return msOf(performance.now() - started, report)
      })
    },
  }
}

/** @returns the key that verifies it. */
async function writtenLog(directory: string): Promise<string> {
  const ledger = await openBenchLog(directory)
  for (const entry of servedCalls(VERIFIED_CALLS)) ledger.append(entry)
  await ledger.close()
  return ledger.vkey
}

function each({ spentMs }: LogReport, count: number, phases: readonly VerifyPhase[]): number {
  return phases.reduce((sum, phase) => sum + (spentMs?.[phase] ?? 0), 0) / count
}

/** @param run what one of a pass took, ms */
async function repeated(name: string, durationMs: number, run: () => Promise<number>): Promise<OperationRow> {
  for (let pass = 0; pass < WARM; pass++) await run()
  const eachUs: number[] = []
  const end = performance.now() + durationMs
  do eachUs.push((await run()) * 1000)
  while (performance.now() < end)
  const sorted = Float64Array.from(eachUs).sort()
  const p50Us = percentile(sorted, 0.5)
  return { name, perSecond: 1e6 / p50Us, p50Us, p99Us: percentile(sorted, 0.99) }
}

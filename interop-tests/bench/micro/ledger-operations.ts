import { join } from 'node:path'
import type { Clock } from '@hansa/protocols'
import { newSeed } from '@hansa/trust'
import { fileLogDisk, type Ledger, noteKey, openLedger, verifyLog } from '@hansa/trust/ledger'
import { percentile } from '../measure/percentile.ts'
import { runLoad } from '../measure/run-load.ts'
import type { OperationRow } from '../report/bench-report.ts'
import type { Operation } from './operation.ts'
import { servedCalls } from './served-calls.ts'

const ORIGIN = 'bench.example/hansa/log/1'
const VERIFIED_CALLS = 1_024
/** Of the measured time, before it. */
const LEAD_IN = 0.25

export const ledgerOperations: Operation[] = [
  ...[1, 32, 128].map((writers) => durableAppend(writers)),
  { name: 'log verify, per entry', run: verifyWrittenLog },
]

/** Entries that wait for the disk together share its sync; each writer appends again when its entry is durable. */
function durableAppend(writers: number): Operation {
  const name = `audit append, durable, ${writers} ${writers === 1 ? 'writer' : 'writers'}`
  return {
    name,
    async run(durationMs, directory) {
      await using ledger = await openLog(directory)
      const entries = servedCalls(1)
      const append = async (number: number) => {
        const entry = entries[number % entries.length]
        if (entry !== undefined) await ledger.append(entry).durable
      }
      await runLoad(append, { inFlight: writers, durationMs: durationMs * LEAD_IN })
      const { calls, elapsedMs, p50Ms, p99Ms } = await runLoad(append, { inFlight: writers, durationMs })
      return { name, perSecond: (calls * 1000) / elapsedMs, p50Us: p50Ms * 1000, p99Us: p99Ms * 1000 }
    },
  }
}

/** Verifies one log as often as the time allows: records, chain, tree, checkpoints, and each signature in an entry. */
async function verifyWrittenLog(durationMs: number, directory: string): Promise<OperationRow> {
  const ledger = await openLog(directory)
  for (const entry of servedCalls(VERIFIED_CALLS)) ledger.append(entry)
  await ledger.close()
  const eachUs: number[] = []
  const end = performance.now() + durationMs
  do {
    const started = performance.now()
    const { verdict, size, faults } = await verifyLog(fileLogDisk(logIn(directory)), { vkey: ledger.vkey })
    if (verdict !== 'clean') throw new Error(`the log is not clean: ${faults[0]?.text ?? verdict}`)
    eachUs.push(((performance.now() - started) * 1000) / size)
  } while (performance.now() < end)
  const sorted = Float64Array.from(eachUs).sort()
  const p50Us = percentile(sorted, 0.5)
  return { name: 'log verify, per entry', perSecond: 1e6 / p50Us, p50Us, p99Us: percentile(sorted, 0.99) }
}

function openLog(directory: string): Promise<Ledger> {
  return openLedger({
    disk: fileLogDisk(logIn(directory)),
    origin: ORIGIN,
    key: noteKey(ORIGIN, newSeed()),
    clock: wallClock,
    onFatal(error) {
      throw error
    },
  })
}

function logIn(directory: string): string {
  return join(directory, 'log')
}

const wallClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

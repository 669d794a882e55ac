import { fileLogDisk, verifyLog } from '@hansa/trust/ledger'
import { percentile } from '../measure/percentile.ts'
import type { Operation } from '../micro/operation.ts'
import { benchLogIn, openBenchLog } from './bench-log.ts'
import { servedCalls } from './served-calls.ts'

const VERIFIED_CALLS = 1_024

/** One log, verified as often as the time allows: records, chain, tree, checkpoints, and each signature in an entry. */
export const logVerify: Operation = {
  name: 'log verify, per entry',
  async run(durationMs, directory) {
    const ledger = await openBenchLog(directory)
    for (const entry of servedCalls(VERIFIED_CALLS)) ledger.append(entry)
    await ledger.close()
    const eachUs: number[] = []
    const end = performance.now() + durationMs
    do {
      const started = performance.now()
      const { verdict, size, faults } = await verifyLog(fileLogDisk(benchLogIn(directory)), { vkey: ledger.vkey })
      if (verdict !== 'clean') throw new Error(`the log is not clean: ${faults[0]?.text ?? verdict}`)
      eachUs.push(((performance.now() - started) * 1000) / size)
    } while (performance.now() < end)
    const sorted = Float64Array.from(eachUs).sort()
    const p50Us = percentile(sorted, 0.5)
    return { name: this.name, perSecond: 1e6 / p50Us, p50Us, p99Us: percentile(sorted, 0.99) }
  },
}

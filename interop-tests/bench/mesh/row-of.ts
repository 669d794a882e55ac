import { percentile } from '../measure/percentile.ts'
import type { OperationRow } from '../report/bench-report.ts'

/** @param eachMs milliseconds of each time, at least one. */
export function rowOf(name: string, eachMs: readonly number[]): OperationRow {
  const sorted = eachMs.map((ms) => ms * 1000).sort((a, b) => a - b)
  const meanUs = sorted.reduce((sum, us) => sum + us, 0) / sorted.length
  return { name, perSecond: 1e6 / meanUs, p50Us: percentile(sorted, 0.5), p99Us: percentile(sorted, 0.99) }
}

/** So many writers that each append again when their entry is durable: what waits for the disk together shares its sync. */
import { runLoad } from '../measure/run-load.ts'
import type { OperationRow } from '../report/bench-report.ts'

/** Of the measured time, before it. */
const LEAD_IN = 0.25

export function writersName(what: string, writers: number): string {
  return `${what}, ${writers} ${writers === 1 ? 'writer' : 'writers'}`
}

/** @param append resolves when the entry is durable. */
export async function appendLoad(
  name: string,
  append: (number: number) => Promise<void>,
  writers: number,
  durationMs: number,
): Promise<OperationRow> {
  await runLoad(append, { inFlight: writers, durationMs: durationMs * LEAD_IN })
  const { calls, elapsedMs, p50Ms, p99Ms } = await runLoad(append, { inFlight: writers, durationMs })
  return { name, perSecond: (calls * 1000) / elapsedMs, p50Us: p50Ms * 1000, p99Us: p99Ms * 1000 }
}

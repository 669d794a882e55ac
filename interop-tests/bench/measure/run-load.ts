/** A closed loop: as many callers as calls may be in flight, each of which calls again as soon as it has its answer. */
import { percentile } from './percentile.ts'

export type LoadInit = {
  inFlight: number
  /** Milliseconds after which no caller begins another call. */
  durationMs: number
}

export type Load = {
  /** Calls that were answered. One that fails ends the run. */
  calls: number
  elapsedMs: number
  p50Ms: number
  p99Ms: number
}

/** @param call one call, from argument object to verified answer; rejects when the answer is not the expected one. */
export async function runLoad(call: (number: number) => Promise<void>, init: LoadInit): Promise<Load> {
  const latencies: number[] = []
  const started = performance.now()
  const end = started + init.durationMs
  let number = 0
  const caller = async () => {
    let now = performance.now()
    while (now < end) {
      await call(number++)
      const answered = performance.now()
      latencies.push(answered - now)
      now = answered
    }
  }
  await Promise.all(Array.from({ length: init.inFlight }, caller))
  const elapsedMs = performance.now() - started
  const sorted = Float64Array.from(latencies).sort()
  return { calls: sorted.length, elapsedMs, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) }
}

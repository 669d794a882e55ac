/** One operation, measured alone in this process. */
import { percentile } from '../measure/percentile.ts'
import type { OperationRow } from '../report/bench-report.ts'

export type Operation = {
  name: string
  /** @param directory empty, on the measured disk. @returns the row of an operation that was run for about `durationMs`. */
  run(durationMs: number, directory: string): Promise<OperationRow>
}

/** Long enough for a clock of microseconds to tell them apart, short enough for percentiles to mean something. */
const GROUP_US = 50

/** An operation that is done when it returns. @param prepare makes it, untimed. */
export function immediate(name: string, prepare: () => () => unknown): Operation {
  return repeated(name, () => {
    const run = prepare()
    return (times) => {
      for (let time = 0; time < times; time++) run()
    }
  })
}

/** An operation that is done when its promise resolves; the next one begins then. */
export function eventual(name: string, prepare: () => () => Promise<unknown>): Operation {
  return repeated(name, () => {
    const run = prepare()
    return async (times) => {
      for (let time = 0; time < times; time++) await run()
    }
  })
}

type RunTimes = (times: number) => void | Promise<void>

function repeated(name: string, prepare: () => RunTimes): Operation {
  return {
    name,
    async run(durationMs) {
      const run = prepare()
      // Compiled before it is timed, and the size of a group found by the way.
      const warm = await timed(run, 1, durationMs / 4)
      const group = Math.max(1, Math.ceil(GROUP_US / percentile(warm, 0.5)))
      const eachUs = await timed(run, group, durationMs)
      const meanUs = eachUs.reduce((sum, us) => sum + us, 0) / eachUs.length
      return { name, perSecond: 1e6 / meanUs, p50Us: percentile(eachUs, 0.5), p99Us: percentile(eachUs, 0.99) }
    },
  }
}

/** @returns microseconds of one operation, one value per group, ascending. */
async function timed(run: RunTimes, group: number, durationMs: number): Promise<Float64Array> {
  const eachUs: number[] = []
  const end = performance.now() + durationMs
  for (let before = performance.now(); before < end; ) {
    await run(group)
    const after = performance.now()
    eachUs.push(((after - before) * 1000) / group)
    before = after
  }
  return Float64Array.from(eachUs).sort()
}

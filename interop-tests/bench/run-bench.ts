import type { BenchOptions } from './bench-options.ts'
import {
  callsTakeMs,
  fullPlan,
  quickPlan,
  RATIO_IN_FLIGHT,
  startupsTakeMs,
  TARGET_RATIO,
  TARGET_STARTUP_MS,
} from './bench-plan.ts'
import { httpEcho } from './floors/http-echo.ts'
import { signedExchange } from './floors/signed-exchange.ts'
import { batchedCall, singleCall } from './governed/delegated-call.ts'
import { scratchDirectory } from './measure/scratch-directory.ts'
import { measureCalls } from './measure-calls.ts'
import type { BenchReport, CallRow, Ratios } from './report/bench-report.ts'
import { describeMachine } from './report/machine.ts'
import { ProgressLine } from './report/progress-line.ts'

const single = signedExchange('single')
const batched = signedExchange('batched')

/** The whole benchmark. Starts processes and ends them; leaves nothing on the disk. */
export async function runBench(options: BenchOptions): Promise<BenchReport> {
  const plan = options.quick ? quickPlan : fullPlan
  const contenders = [httpEcho, single, batched, ...(options.floors ? [] : [singleCall, batchedCall])]
  // Not loaded for the floors alone: they run without a line of what they are compared with.
  const micro = options.floors ? undefined : await import('./measure-operations.ts')
  const microMs = (micro?.operations.length ?? 0) * plan.operationMs * 1.5
  const progress = new ProgressLine(callsTakeMs(plan, contenders.length) + microMs + startupsTakeMs(plan))
  await using scratch = await scratchDirectory()
  const rows = await measureCalls(contenders, plan, scratch, progress)
  const operations = (await micro?.measureOperations(plan, scratch, progress)) ?? []
  const startup = options.floors ? undefined : await import('./measure-startup.ts')
  const starts = (await startup?.measureStartup(plan, scratch, progress)) ?? []
  progress.end()
  const ratios = options.floors ? undefined : ratiosOf(rows)
  return {
    machine: await describeMachine(scratch.path),
    rounds: plan.rounds,
    roundMs: plan.roundMs,
    rows,
    ratiosAtInFlight: RATIO_IN_FLIGHT,
    ...(ratios === undefined ? {} : { ratios }),
    targets: { delegatedToSignedExchange: TARGET_RATIO, startupMs: TARGET_STARTUP_MS },
    operations,
    startup: starts,
  }
}

function ratiosOf(rows: readonly CallRow[]): Ratios {
  const speed = (name: string) => {
    const row = rows.find((one) => one.name === name && one.inFlight === RATIO_IN_FLIGHT)
    if (row === undefined) throw new Error(`${name} was not measured at ${RATIO_IN_FLIGHT} in flight`)
    return row.callsPerSecond
  }
  const delegated = speed(batchedCall.name)
  return {
    delegatedToSignedExchange: delegated / speed(batched.name),
    delegatedToSignedExchangeSingle: delegated / speed(single.name),
    delegatedToHttpEcho: delegated / speed(httpEcho.name),
    delegatedBatchedToSingle: delegated / speed(singleCall.name),
  }
}

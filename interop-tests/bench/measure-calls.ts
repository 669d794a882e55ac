/**
 * Calls of all contenders, interleaved: within a round every contender has its turn at every number in flight, so that
 * a machine that is slow for a while is slow for all of them, and the median of the rounds leaves out the slow while.
 */
import { type BenchPlan, RATIO_IN_FLIGHT } from './bench-plan.ts'
import { type Contender, measure, type Pair, type Sample } from './measure/contender.ts'
import { median } from './measure/percentile.ts'
import type { ScratchDirectory } from './measure/scratch-directory.ts'
import type { CallRow } from './report/bench-report.ts'
import type { ProgressLine } from './report/progress-line.ts'

type Runner = { name: string; pair: Pair; samples: Map<number, Sample[]> }

/** @returns by number in flight, and there in the order of the contenders. */
export async function measureCalls(
  contenders: readonly Contender[],
  plan: BenchPlan,
  scratch: ScratchDirectory,
  progress: ProgressLine,
): Promise<CallRow[]> {
  await using processes = new AsyncDisposableStack()
  const runners: Runner[] = []
  for (const [at, contender] of contenders.entries()) {
    progress.show(`starting ${contender.name}`)
    const pair = await contender.start(await scratch.make(`contender-${at}`))
    processes.use(pair.client)
    processes.use(pair.server)
    await pair.client.ask('load', { inFlight: RATIO_IN_FLIGHT, durationMs: plan.warmUpMs })
    runners.push({ name: contender.name, pair, samples: new Map(plan.inFlight.map((level) => [level, []])) })
  }
  for (let round = 1; round <= plan.rounds; round++) {
    progress.show(`calls, round ${round} of ${plan.rounds}`)
    for (const inFlight of plan.inFlight) {
      for (const { name, pair, samples } of runners) {
        progress.show(`calls, round ${round} of ${plan.rounds}`, `${name}, ${inFlight} in flight`)
        await pair.client.ask('load', { inFlight, durationMs: plan.leadInMs })
        samples.get(inFlight)?.push(await measure(pair, { inFlight, durationMs: plan.roundMs }))
      }
    }
  }
  return plan.inFlight.flatMap((inFlight) =>
    runners.map(({ name, samples }) => ({ name, inFlight, ...medians(samples.get(inFlight) ?? []) })),
  )
}

function medians(samples: readonly Sample[]): Sample {
  const of = (figure: (sample: Sample) => number) => median(samples.map(figure))
  return {
    callsPerSecond: of((sample) => sample.callsPerSecond),
    p50Ms: of((sample) => sample.p50Ms),
    p99Ms: of((sample) => sample.p99Ms),
    cpuUsPerCall: of((sample) => sample.cpuUsPerCall),
  }
}

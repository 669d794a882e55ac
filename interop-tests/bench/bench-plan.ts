/** How long what is measured; one table per way to run it. */
export type BenchPlan = {
  inFlight: readonly number[]
  /** Each call figure is the median of so many. */
  rounds: number
  roundMs: number
  /** Unmeasured calls before each measured round, for connections and caches to settle. */
  leadInMs: number
  /** Unmeasured calls before the first round of each contender, for the compiler of the runtime: some ten thousand. */
  warmUpMs: number
  /** Of each operation row. */
  operationMs: number
}

export const RATIO_IN_FLIGHT = 32

/** Calls per second of the delegated call over those of the batched exchange, at `RATIO_IN_FLIGHT`. */
export const TARGET_RATIO = 0.4

export const fullPlan: BenchPlan = {
  inFlight: [1, 10, RATIO_IN_FLIGHT, 128],
  rounds: 3,
  roundMs: 1_500,
  leadInMs: 150,
  warmUpMs: 6_000,
  operationMs: 1_000,
}

/** Enough to see that everything runs; the figures of it mean little. */
export const quickPlan: BenchPlan = {
  inFlight: fullPlan.inFlight,
  rounds: 1,
  roundMs: 250,
  leadInMs: 30,
  warmUpMs: 300,
  operationMs: 150,
}

/** Milliseconds that the calls of so many contenders take, started processes included. */
export function callsTakeMs(plan: BenchPlan, contenders: number): number {
  const start = 1_000
  const cells = plan.inFlight.length * plan.rounds * (plan.roundMs + plan.leadInMs)
  return contenders * (start + plan.warmUpMs + cells)
}

/** How long what is measured; one table per way to run it. */
export type BenchPlan = {
  inFlight: readonly number[]
  /** Each call figure is the median of so many. */
  rounds: number
  roundMs: number
  /** Unmeasured calls before each measured round, for connections and caches to settle. */
  leadInMs: number
  /** Unmeasured calls before the first round of each contender, for the compiler of the runtime: some twenty thousand. */
  warmUpMs: number
  /** Of each operation row. */
  operationMs: number
  /** Calls whose entries a home holds when its node is started; one row each. */
  startupCalls: readonly number[]
  /** Starts of each startup row. */
  startups: number
}

export const RATIO_IN_FLIGHT = 32

/** Calls per second of the delegated call over those of the batched exchange, at `RATIO_IN_FLIGHT`. */
export const TARGET_RATIO = 0.4

/** Milliseconds from the start of `hansa up` to listening, over an existing state. */
export const TARGET_STARTUP_MS = 500

export const fullPlan: BenchPlan = {
  inFlight: [1, 10, RATIO_IN_FLIGHT, 128],
  rounds: 3,
  roundMs: 1_500,
  leadInMs: 500,
  warmUpMs: 12_000,
  operationMs: 1_000,
  startupCalls: [1, 20_000],
  startups: 5,
}

/** Enough to see that everything runs; the figures of it mean little. */
export const quickPlan: BenchPlan = {
  inFlight: fullPlan.inFlight,
  rounds: 1,
  roundMs: 250,
  leadInMs: 30,
  warmUpMs: 300,
  operationMs: 150,
  startupCalls: [1],
  startups: 1,
}

/** Milliseconds that the calls of so many contenders take, started processes included. */
export function callsTakeMs(plan: BenchPlan, contenders: number): number {
  const start = 1_000
  const cells = plan.inFlight.length * plan.rounds * (plan.roundMs + plan.leadInMs)
  return contenders * (start + plan.warmUpMs + cells)
}

/** Milliseconds that the startup rows take: filling a home, and each start with its end. */
export function startupsTakeMs({ startupCalls, startups }: BenchPlan): number {
  const filling = startupCalls.reduce((sum, calls) => sum + calls, 0)
  return 2_000 + filling + startupCalls.length * (startups + 1) * 700
}

/** What a run of the benchmark found: what `--json` prints, and what the table is made of. */
import type { Machine } from './machine.ts'

export type CallRow = {
  name: string
  inFlight: number
  callsPerSecond: number
  p50Ms: number
  p99Ms: number
  /** User and system time of both processes, all threads, per call. */
  cpuUsPerCall: number
}

/** One operation, alone. Percentiles are of single operations, or of groups of a few where one is too short to time. */
export type OperationRow = { name: string; perSecond: number; p50Us: number; p99Us: number }

/** The shipped command, from its start to listening. */
export type StartupRow = {
  name: string
  /** In the log of its home. */
  entries: number
  medianMs: number
  slowestMs: number
  /** Of the listening process, and the most that it had until then; medians. */
  residentMiB: number
  peakMiB: number
}

export type Ratios = {
  /** Calls per second of the delegated call at `inFlight`, over those of the exchange with batched signatures. */
  delegatedToSignedExchange: number
  /** The same over the exchange with one signature per message. */
  delegatedToSignedExchangeSingle: number
  delegatedToHttpEcho: number
  /** The same over the delegated call with one signature for each statement. */
  delegatedBatchedToSingle: number
}

export type BenchReport = {
  machine: Machine
  /** Every call figure is the median of this many rounds. */
  rounds: number
  roundMs: number
  rows: CallRow[]
  /** In flight at which the ratios are taken. */
  ratiosAtInFlight: number
  /** Absent when the delegated call was not run. */
  ratios?: Ratios
  targets: { delegatedToSignedExchange: number; startupMs: number }
  operations: OperationRow[]
  startup: StartupRow[]
}

/** The part of the benchmark that is about the mesh: how soon things are known, what a search costs, and calls over sessions. */
import type { BenchOptions } from '../bench-options.ts'
import { type BenchPlan, callsTakeMs, fullPlan, quickPlan, RATIO_IN_FLIGHT } from '../bench-plan.ts'
import { signedExchange } from '../floors/signed-exchange.ts'
import { batchedCall, postCall } from '../governed/delegated-call.ts'
import { scratchDirectory } from '../measure/scratch-directory.ts'
import { measureCalls } from '../measure-calls.ts'
import type { CallRow, OperationRow } from '../report/bench-report.ts'
import { describeMachine, type Machine } from '../report/machine.ts'
import { ProgressLine } from '../report/progress-line.ts'
import { acrossMesh } from './across-mesh.ts'
import { registrationBurst } from './registration-burst.ts'
import { lateJoin, searches } from './replica-operations.ts'

export type MeshBenchReport = {
  machine: Machine
  rows: (CallRow | OperationRow)[]
  ratios: {
    /** Calls per second over a session, over those of the batched signed exchange, at 32 in flight. */
    delegatedSessionToSignedExchange: number
    /** The same over single HTTP requests. */
    sessionToPost: number
  }
  /** Of one node of the mesh, resident, median. */
  nodeMiB: number
  /** Both ways, of a join. */
  bytes: Record<string, number>
  /** Of the registrations of the burst. */
  failures: number
  targets: typeof MESH_TARGETS
}

export const MESH_TARGETS = {
  foundP99Us: 1_000_000,
  lateJoinUs: 5_000_000,
  revokedP99Us: 2_000_000,
  recoveredUs: 5_000_000,
  delegatedSessionToSignedExchange: 0.6,
  callsPerSecondAt128: 5_000,
  /** Only of a machine on which the exchange is as fast as this. */
  whereExchangeDoes: 9_000,
} as const

const FULL = {
  across: { nodes: 10, publications: 20, revocations: 20, stops: 2, stoppedMs: 15_000 },
  manifests: 10_000,
  searched: [1_000, 10_000, 100_000],
  registrations: 1_000,
  takesMs: 110_000,
}
const QUICK: typeof FULL = {
  across: { nodes: 3, publications: 2, revocations: 2, stops: 1, stoppedMs: 500 },
  manifests: 200,
  searched: [200],
  registrations: 20,
  takesMs: 15_000,
}

const contenders = [signedExchange('batched'), postCall, batchedCall]

export async function runMeshBench({ quick }: Pick<BenchOptions, 'quick'>): Promise<MeshBenchReport> {
  const sizes = quick ? QUICK : FULL
  const plan: BenchPlan = { ...(quick ? quickPlan : fullPlan), inFlight: [1, RATIO_IN_FLIGHT, 128] }
  const progress = new ProgressLine(callsTakeMs(plan, contenders.length) + sizes.takesMs)
  await using scratch = await scratchDirectory()
  const show = (what: string) => (name: string) => progress.show(what, name)
  const join = await lateJoin(sizes.manifests, await scratch.make('replica'), show('the replica of one kernel'))
  const found: OperationRow[] = []
  for (const count of sizes.searched) {
    progress.show('searches', `${count} kernels`)
    found.push(...(await searches(count, plan.operationMs, await scratch.make(`search-${count}`))))
  }
  const burst = await registrationBurst(sizes.registrations, await scratch.make('registry'), show('a registry'))
  const across = await acrossMesh({ ...sizes.across, progress: show('a mesh of processes') })
  const calls = await measureCalls(contenders, plan, scratch, progress)
  progress.end()
  const rate = (name: string) => rateOf(calls, name)
  return {
    machine: await describeMachine(scratch.path),
    rows: [...calls, ...across.rows, ...join.rows, ...found, burst.row],
    ratios: {
      delegatedSessionToSignedExchange: rate(batchedCall.name) / rate(contenders[0]?.name ?? ''),
      sessionToPost: rate(batchedCall.name) / rate(postCall.name),
    },
    nodeMiB: across.residentMiB,
    bytes: join.bytes,
    failures: burst.failures,
    targets: MESH_TARGETS,
  }
}

function rateOf(rows: readonly CallRow[], name: string): number {
  const row = rows.find((one) => one.name === name && one.inFlight === RATIO_IN_FLIGHT)
  if (row === undefined) throw new Error(`${name} was not measured`)
  return row.callsPerSecond
}

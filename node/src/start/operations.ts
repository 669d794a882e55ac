/** The operations listener of a node over its life: not ready while it starts and while it ends, ready in between. */
import type { ListenAddress } from '../config/listen-address.ts'
import { caseFigures } from '../governance/case-figures.ts'
import type { CallObserver } from '../kernel/call-observer.ts'
import type { AssembledKernel } from '../kernel/kernel.ts'
import { LOG_FILLS } from '../kernel/log-fills.ts'
import type { McpObserver } from '../mcp-server/index.ts'
import { noMeshFigures } from '../mesh/mesh-figures.ts'
import { type NodeGauges, nodeMetrics } from '../operations/metrics.ts'
import { operationsListener, type Readiness } from '../operations/operations-listener.ts'
import { systemClock } from '../system-clock.ts'
import type { DeliveryObserver } from '../webhook/index.ts'

export interface Operations extends AsyncDisposable {
  /** `http://HOST:PORT`. */
  readonly url: string
  /** Counts calls. */
  readonly observer: CallObserver
  /** Counts deliveries of the webhook. */
  readonly delivery: DeliveryObserver
  /** Counts requests of MCP clients. */
  readonly mcp: McpObserver
  /** The kernel takes calls now. */
  started(kernel: AssembledKernel): void
  /** It takes no new call from now on. */
  stopping(): void
}

/** @throws OperationsError */
export async function openOperations(listen: ListenAddress): Promise<Operations> {
  let kernel: AssembledKernel | undefined
  let draining = false
  const readiness = async (): Promise<Readiness> => {
    const reasons = [
      ...(kernel === undefined ? ['starting'] : []),
      ...(draining ? ['draining'] : []),
      ...(kernel?.ledger.full === true ? ['log_full'] : []),
    ]
    const degraded = (await kernel?.status())?.witnessing?.own?.state === 'degraded'
    const fills = (kernel?.ledger.room.used ?? 0) >= LOG_FILLS && kernel?.ledger.full === false
    return {
      ready: reasons.length === 0,
      reasons,
      warnings: [...(fills ? ['log_fills'] : []), ...(degraded ? ['log_degraded'] : [])],
    }
  }
  const gauges = async (): Promise<NodeGauges> => ({
    ...(kernel === undefined ? noFigures : await figuresOf(kernel)),
    ready: (await readiness()).ready,
  })
  const metrics = nodeMetrics(gauges)
  const listener = await operationsListener({ listen, metrics, readiness })
  return {
    url: listener.url,
    observer: metrics,
    delivery: metrics.delivery,
    mcp: metrics.mcp,
    started(started) {
      kernel = started
    },
    stopping() {
      draining = true
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

type Figures = Omit<NodeGauges, 'ready'>

const noFigures: Figures = {
  callsRunning: 0,
  logEntries: 0,
  logFull: false,
  logBytes: 0,
  logMaxBytes: 0,
  logUsed: 0,
  approvalsPending: 0,
  acksWaiting: 0,
  resultsHeld: 0,
  policyVersion: 0,
  contentBytes: 0,
  cosignedEntries: 0,
  degraded: false,
  witnessedLogs: 0,
  forkedPeers: 0,
  ...caseFigures([], 0),
  peersCutOff: 0,
  health: {},
  capabilities: {},
  peers: {},
  mesh: noMeshFigures,
}

async function figuresOf(kernel: AssembledKernel): Promise<Figures> {
  const [status, capabilities, peers] = await Promise.all([kernel.status(), kernel.capabilities(), kernel.peers()])
  // Cases that cannot be read have a line of their own; the other figures stay.
  const cases = await kernel.governance.cases().catch(() => [])
  return {
    ...caseFigures(cases, Math.floor(systemClock.now() / 1000)),
    callsRunning: kernel.callsRunning,
    logEntries: status.log.size,
    logFull: kernel.ledger.full,
    logBytes: status.log.bytes,
    logMaxBytes: status.log.maxBytes ?? 0,
    logUsed: status.log.used ?? 0,
    approvalsPending: status.pendingApprovals,
    contentBytes: status.content?.bytes ?? 0,
    acksWaiting: kernel.acksWaiting,
    resultsHeld: kernel.resultsHeld,
    policyVersion: status.policy.version,
    cosignedEntries: status.witnessing?.own?.size ?? 0,
    degraded: status.witnessing?.own?.state === 'degraded',
    witnessedLogs: status.witnessing?.cosigned ?? 0,
    forkedPeers: status.witnessing?.forks.length ?? 0,
    peersCutOff: kernel.routing.cutOff,
    health: kernel.routing.health,
    capabilities: counts(capabilities),
    peers: counts(peers),
    mesh: kernel.meshFigures,
  }
}

function counts(items: readonly { state: string }[]): Record<string, number> {
  const byState: Record<string, number> = {}
  for (const { state } of items) byState[state] = (byState[state] ?? 0) + 1
  return byState
}

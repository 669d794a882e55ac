/** Adapter: the figures of a node in the format of Prometheus. Labels come from closed lists; no id and no DID is one. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { CallObserver, CallSeen } from '../kernel/call-observer.ts'
import type { McpObserver } from '../mcp-server/index.ts'
import type { MeshFigures } from '../mesh/mesh-figures.ts'
import type { DeliveryObserver } from '../webhook/index.ts'
import { addMeshMetrics } from './mesh-metrics.ts'

/** What is true now; asked at each scrape. */
export type NodeGauges = {
  callsRunning: number
  logEntries: number
  logFull: boolean
  logBytes: number
  logMaxBytes: number
  logUsed: number
  approvalsPending: number
  acksWaiting: number
  resultsHeld: number
  policyVersion: number
  contentBytes: number
  cosignedEntries: number
  degraded: boolean
  witnessedLogs: number
  forkedPeers: number
  /** By state, without those that are final. */
  cases: Readonly<Record<string, number>>
  /** Of those that wait for somebody: seconds to the nearest deadline, by state. */
  caseDue: Readonly<Record<string, number>>
  casesLate: number
  peersCutOff: number
  health: Readonly<Record<string, number>>
  capabilities: Readonly<Record<string, number>>
  peers: Readonly<Record<string, number>>
  ready: boolean
  mesh: MeshFigures
}

export type MetricFacts = { name: string; type: string; help: string }

export interface NodeMetrics extends CallObserver {
  /** Counts deliveries of the webhook. */
  readonly delivery: DeliveryObserver
  /** Counts requests of MCP clients. */
  readonly mcp: McpObserver
  readonly contentType: string
  /** @returns the text of one scrape. */
  text(): Promise<string>
  /** Every metric of a node by name, without those of the process. */
  described(): Promise<MetricFacts[]>
}

/** Seconds: from a call that is refused at once to one that waits for a slow tool. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function nodeMetrics(ask: () => Promise<NodeGauges>): NodeMetrics {
  // Once for a scrape, and not once for each gauge.
  let asked: Promise<NodeGauges> | undefined
  const gauges = () => (asked ??= ask())
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const calls = new Counter({
    name: 'hansa_calls_total',
    help: 'Calls that ended, by direction, safety class, outcome, and the code and stage of a refusal.',
    labelNames: ['direction', 'safety', 'outcome', 'code', 'stage'] as const,
    registers,
  })
  const duration = new Histogram({
    name: 'hansa_call_duration_seconds',
    help: 'From the first stage of a call to its end.',
    labelNames: ['direction', 'outcome'] as const,
    buckets: BUCKETS,
    registers,
  })
  const stages = new Histogram({
    name: 'hansa_stage_duration_seconds',
    help: 'Each stage of a call; begin waits for the disk, driver for whoever acts.',
    labelNames: ['stage'] as const,
    buckets: BUCKETS,
    registers,
  })
  const deliveries = new Counter({
    name: 'hansa_webhook_deliveries_total',
    help: 'Messages to the webhook of approvals, by type and what became of the attempt: delivered, retried, given_up, dropped.',
    labelNames: ['type', 'outcome'] as const,
    registers,
  })
  const evidence = new Counter({
    name: 'hansa_peer_evidence_total',
    help: 'What peers did that no honest kernel does, by kind: statement, garbled, replay, wrong_label, ack_missing, result_wrong, inclusion_broken, fork, fork_suspected.',
    labelNames: ['kind'] as const,
    registers,
  })
  const revocations = new Counter({
    name: 'hansa_revocations_total',
    help: 'Revocations, by what became of them: made here, received from another kernel, refused.',
    labelNames: ['outcome'] as const,
    registers,
  })
  const breakers = new Counter({
    name: 'hansa_peer_breaker_total',
    help: 'How often peers were cut off (open), and answered again (closed).',
    labelNames: ['state'] as const,
    registers,
  })
  const handshakes = new Counter({
    name: 'hansa_handshakes_refused_total',
    help: 'Handshakes that other kernels began and this one refused, by code.',
    labelNames: ['code'] as const,
    registers,
  })
  const alarms = new Counter({
    name: 'hansa_handshake_alarms_total',
    help: 'How often five handshakes of one DID (did) or from one address (address) failed within ten minutes.',
    labelNames: ['by'] as const,
    registers,
  })
  const slowings = new Counter({
    name: 'hansa_slowed_total',
    help: 'How often somebody was read later, because too much from there was refused: a connection of the gateway, all of an address, or a session with another kernel.',
    labelNames: ['what'] as const,
    registers,
  })
  const mcpRequests = new Counter({
    name: 'hansa_mcp_requests_total',
    help: 'Requests of MCP clients, by method, era of the protocol (2025 and before, 2026) and HTTP status.',
    labelNames: ['method', 'era', 'status'] as const,
    registers,
  })
  const mcpSessions = new Gauge({
    name: 'hansa_mcp_sessions',
    help: 'Sessions of MCP clients that are open, of revisions that have sessions.',
    registers,
  })
  addGauges(registry, gauges)
  addMeshMetrics(registry, async () => (await gauges()).mesh)
  return {
    delivery: (type, outcome) => deliveries.inc({ type, outcome }),
    mcp: {
      request: ({ method, era, status }) => mcpRequests.inc({ method, era, status: String(status) }),
      sessions: (open) => mcpSessions.set(open),
    },
    contentType: registry.contentType,
    text() {
      asked = undefined
      return registry.metrics()
    },
    async described() {
      const all = await registry.getMetricsAsJSON()
      return all
        .filter(({ name }) => name.startsWith('hansa_'))
        .map(({ name, type, help }) => ({ name, type: String(type), help }))
    },
    evidence: (kind) => evidence.inc({ kind }),
    handshakeRefused: (code) => handshakes.inc({ code }),
    handshakeAlarm: (by) => alarms.inc({ by }),
    breaker: (state) => breakers.inc({ state }),
    slowed: (what) => slowings.inc({ what }),
    revocation: (outcome) => revocations.inc({ outcome }),
    now: () => performance.timeOrigin + performance.now(),
    call({ direction, safety, outcome, code, stage, ms, stages: seen }: CallSeen) {
      const refusal = { code: code ?? '', stage: stage ?? '' }
      calls.inc({ direction, safety: safety ?? 'unknown', outcome, ...refusal })
      duration.observe({ direction, outcome }, ms / 1000)
      for (const one of seen) stages.observe({ stage: one.stage }, one.ms / 1000)
    },
  }
}

function addGauges(registry: Registry, gauges: () => Promise<NodeGauges>): void {
  const registers = [registry]
  const one = (name: string, help: string, read: (now: NodeGauges) => number) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(read(await gauges()))
      },
    })
  const each = (name: string, help: string, read: (now: NodeGauges) => Readonly<Record<string, number>>) =>
    new Gauge({
      name,
      help,
      registers,
      labelNames: ['state'] as const,
      async collect() {
        this.reset()
        for (const [state, count] of Object.entries(read(await gauges()))) this.set({ state }, count)
      },
    })
  one('hansa_ready', '1 while the node takes calls.', ({ ready }) => Number(ready))
  one('hansa_calls_running', 'Calls between policy and outcome.', ({ callsRunning }) => callsRunning)
  one('hansa_log_entries', 'Entries of the log.', ({ logEntries }) => logEntries)
  one('hansa_log_full', '1 while the log has no room: every call is refused.', ({ logFull }) => Number(logFull))
  one('hansa_log_bytes', 'Bytes of the files of the log, without the reserve.', ({ logBytes }) => logBytes)
  one('hansa_log_max_bytes', 'What they may take; 0 when only the disk limits it.', ({ logMaxBytes }) => logMaxBytes)
  one(
    'hansa_log_used_ratio',
    'Part of what the limit leaves for calls that is taken, 0 to 1.',
    ({ logUsed }) => logUsed,
  )
  one(
    'hansa_content_bytes',
    'Content of calls that is kept, without its encryption.',
    ({ contentBytes }) => contentBytes,
  )
  one('hansa_approvals_pending', 'Actions that wait for a person.', ({ approvalsPending }) => approvalsPending)
  one('hansa_acks_waiting', 'Receipts of peers that are not acknowledged yet.', ({ acksWaiting }) => acksWaiting)
  one(
    'hansa_results_held',
    'Results of calls of peers that wait for the acknowledgement of their receipt.',
    ({ resultsHeld }) => resultsHeld,
  )
  one('hansa_policy_version', 'Rises with every policy that is put in force.', ({ policyVersion }) => policyVersion)
  one(
    'hansa_log_cosigned_entries',
    'Entries of the log under a checkpoint that a quorum of witnesses cosigned; 0 when none is configured.',
    ({ cosignedEntries }) => cosignedEntries,
  )
  one(
    'hansa_log_degraded',
    '1 while entries have waited more than ten minutes for a quorum of witnesses.',
    ({ degraded }) => Number(degraded),
  )
  one('hansa_witnessed_logs', 'Logs of others that this node has cosigned.', ({ witnessedLogs }) => witnessedLogs)
  one(
    'hansa_peers_forked',
    'Kernels that are kept out because their log has two histories, or may have.',
    ({ forkedPeers }) => forkedPeers,
  )
  one(
    'hansa_peers_cut_off',
    'Kernels to which nothing is sent because exchanges with them failed.',
    ({ peersCutOff }) => peersCutOff,
  )
  each('hansa_cases', 'Cases that are not final, by state.', ({ cases }) => cases)
  each(
    'hansa_case_due_seconds',
    'Seconds until the nearest deadline of the cases in each state; none where nothing is waited for.',
    ({ caseDue }) => caseDue,
  )
  one('hansa_cases_late', 'Cases that are not final and have missed a deadline.', ({ casesLate }) => casesLate)
  each('hansa_capabilities', 'Capabilities, own and imported, by state.', ({ capabilities }) => capabilities)
  each(
    'hansa_imported_health',
    'Imported capabilities that may be called, by what calls and canaries have shown of them.',
    ({ health }) => health,
  )
  each('hansa_peers', 'Imported kernels by state.', ({ peers }) => peers)
}

import { noMeshFigures } from '../mesh/mesh-figures.ts'
import { type MetricFacts, nodeMetrics } from '../operations/metrics.ts'

/** Every metric of a node, as its reference page lists them. */
export function describedMetrics(): Promise<MetricFacts[]> {
  const gauges = {
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
    cases: {},
    caseDue: {},
    casesLate: 0,
    peersCutOff: 0,
    health: {},
    capabilities: {},
    peers: {},
    ready: true,
    mesh: noMeshFigures,
  }
  return nodeMetrics(async () => gauges).described()
}
